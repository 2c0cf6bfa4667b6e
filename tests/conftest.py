"""Common fixtures, and the order of the tests."""

import os
from pathlib import Path

import joblib
import pytest
from jaxtyping import install_import_hook
from once import one_at_a_time

# Waiting threads sleep, as in the stages: spinning takes the cores of the other test processes.
# Read when PyTorch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

REPOSITORY = Path(__file__).parent.parent

# modules with annotated shapes: their calls are checked; must run before they are imported
KERNELS = [
    ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)
    for file in sorted((REPOSITORY / "fer3d").rglob("*.py"))
    if "from jaxtyping import" in file.read_text(encoding="utf-8")
]
install_import_hook(KERNELS, "shapes.check")

from fer3d.assets import catalogue  # noqa: E402
from fer3d.machine import settings  # noqa: E402

pytest_plugins = ["predicted", "real_face", "stores", "untrained"]

MOST_PROCESSES = 8  # the longest file bounds the time; each process needs up to 2 GB

# Started first, the longest first, so that no process has a long file at the end. Files that need
# the whole DAG are spread: the first one runs it, the next ones use the result.
LONGEST = (
    "stages/test_interruption.py",
    "experiments/test_pipeline.py",
    "training/test_resume.py",
    "training/test_devices.py",
    "store/test_trouble.py",
    "commands/test_store.py",
    "stages/test_dag.py",
    "stages/test_sharing.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than the cores that this process may use: many tests wait for other processes."""
    return min(joblib.cpu_count() + 1, MOST_PROCESSES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    first = {REPOSITORY / "tests" / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.path, len(first)))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top folder of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def fer2013_zip() -> Path:
    """The photos of FER2013, an archive with fer2013/train/happy/*.jpg and so on."""
    archive = Path(os.environ.get("FER2013_ZIP", ""))
    if not archive.is_file():
        pytest.skip("FER2013_ZIP does not name the archive of FER2013")
    return archive


@pytest.fixture(scope="session")
def assets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model files: that of the checkout, downloaded if missing."""
    folder = REPOSITORY / "data" / "assets"
    with one_at_a_time(tmp_path_factory, "assets"):
        catalogue.fetch(folder, wheels=settings.load(REPOSITORY).wheels)
    return folder
