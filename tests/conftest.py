"""What several tests share."""

from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# before any of these modules is imported: every call checks the shapes that they annotate
KERNELS = [
    "fer3d.geometry",
    *(f"fer3d.face3d.{name}" for name in ("recentralize", "rigid", "subdivision", "visibility")),
    *(f"fer3d.relighting.{name}" for name in ("normals", "raster", "shading")),
]
install_import_hook(KERNELS, "shapes.check")

from fer3d.assets import catalogue  # noqa: E402
from fer3d.machine import settings  # noqa: E402

pytest_plugins = ["predicted", "real_face", "stores"]

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
