"""What several tests share."""

from pathlib import Path

import pytest

from fer3d.assets import catalogue
from fer3d.machine import settings

pytest_plugins = ["predicted", "stores"]

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top folder of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def assets_dir() -> Path:
    """A folder with the model files: the checkout's own, fetched where they are not there yet."""
    folder = REPOSITORY / "data" / "assets"
    catalogue.fetch(folder, wheels=settings.load(REPOSITORY).wheels)
    return folder
