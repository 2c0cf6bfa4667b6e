"""What takes most of the time of a short command: what it imports, and its exit."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from fer3d.cli import typer_app
try:
    typer_app(sys.argv[1:], prog_name="fer3d")
finally:
    print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""
UNUSED = {"dlib", "matplotlib", "open3d", "pandas", "pyarrow", "skimage", "sklearn"}
UNUSED |= {"pytorch_lightning", "torchmetrics", "tensorflow", "dask", "fsspec"}
NEEDED = {"cv2", "numba", "numpy", "scipy", "torch"}
LATE = {"joblib", "PIL", "yaml"}


def imported(repository: Path, *arguments: str) -> set[str]:
    """Top-level packages that are loaded when a command ends."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("command", [[], ["predict"], ["evaluate"], ["store", "stats"]])
def test_help_loads_no_library_that_computes(command, repository: Path) -> None:
    assert not imported(repository, *command, "--help") & (UNUSED | NEEDED | LATE)


def test_predict_loads_only_what_it_computes_with(repository: Path, assets_dir: Path) -> None:
    photo = repository / "tests" / "alignment" / "data" / "synthetic" / "anger_0000.jpg"
    loaded = imported(repository, "predict", str(photo), "--assets", str(assets_dir))
    assert loaded >= NEEDED
    assert not loaded & UNUSED


def test_imported_packages_are_not_collected() -> None:
    program = """
import gc
from fer3d.inference.batches import load_libraries
load_libraries()
before = gc.get_freeze_count(), gc.isenabled()
gc.collect()
print(*before, len(gc.get_objects()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    frozen, enabled, seen = done.stdout.split()
    assert enabled == "True"
    assert int(frozen) > 100_000 > int(seen)


def test_exit_looks_through_no_objects() -> None:
    """At exit, Python's garbage collector takes most of a second for those of large packages."""
    program = """
import atexit, gc, sys
atexit.register(lambda: print(len(gc.get_objects()), gc.get_freeze_count()))  # runs last
from fer3d.cli import app
app()
"""
    command = [sys.executable, "-c", program, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seen, frozen = map(int, done.stdout.splitlines()[-1].split())
    assert seen < 100 < frozen
