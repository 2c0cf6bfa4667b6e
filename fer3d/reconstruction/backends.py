"""The reconstruction networks behind one interface."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from fer3d.files.digests import sha256_file
from fer3d.files.specs import Spec
from fer3d.geometry.typing import Images
from fer3d.reconstruction import calibration, facemesh
from fer3d.reconstruction.mesh import Mesh
from fer3d.reconstruction.params import ReconstructParams
from fer3d.reconstruction.prnet import files
from fer3d.reconstruction.surfaces import MeshSurface, SurfaceSource
from fer3d.reconstruction.topology import VERTICES
from fer3d.toolbox import Toolbox


@runtime_checkable
class Backend(Protocol):
    """A reconstruction network. Picklable; the network is loaded once per process."""

    @property
    def vertices(self) -> Spec:
        """Storage format of the vertices of one face."""

    @property
    def libraries(self) -> tuple[str, ...]:
        """Libraries that run the network, by their names in ``rowwise.versions``."""

    @property
    def surface(self) -> SurfaceSource:
        """The dense surface of the vertices."""

    def __call__(self, images: Images, points: Float[np.ndarray, "n 5 2"]) -> list[Mesh]:
        """The face in each image (H, W, 3) uint8 RGB at five points px, NaN if unknown."""

    def models(self) -> dict[str, str]:
        """SHA-256 of the files of the network by name."""


@dataclass(frozen=True)
class FacemeshBackend:
    """468 vertices by MediaPipe Face Mesh."""

    assets: Path
    subdivisions: int
    passes: int = 5

    vertices = Spec((VERTICES, 3), "float32")
    libraries = ("litert",)

    @property
    def surface(self) -> MeshSurface:
        return MeshSurface(self.assets, self.subdivisions)

    def __call__(self, images: Images, points: Float[np.ndarray, "n 5 2"]) -> list[Mesh]:
        return facemesh.load_facemesh(self.assets / facemesh.MODEL, self.passes)(images, points)

    def models(self) -> dict[str, str]:
        fields = Path(calibration.__file__).with_name(calibration.FIELDS)
        return {
            facemesh.MODEL: sha256_file(self.assets / facemesh.MODEL),
            calibration.FIELDS: sha256_file(fields),
        }


def make_backend(params: ReconstructParams, toolbox: Toolbox) -> Backend:
    """The backend of the parameters.

    Args:
        params: the parameters of the stage.
        toolbox: model files, and the device for prnet.

    Raises:
        UserError: prnet's model file is missing.
        ValueError: prnet without a folder of models.
    """
    if params.backend == "facemesh":
        return FacemeshBackend(toolbox.assets, params.subdivisions, params.passes)
    file = files.model_file(toolbox.models)
    from fer3d.reconstruction.prnet.backend import PrnetBackend  # imports torch

    return PrnetBackend(file, toolbox.device)
