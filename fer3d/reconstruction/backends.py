"""The networks that reconstruct a face, behind one small interface."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from fer3d.files.digests import sha256_file
from fer3d.files.packed import Spec
from fer3d.geometry.typing import FivePoints, Image
from fer3d.reconstruction import calibration, facemesh
from fer3d.reconstruction.mesh import Mesh
from fer3d.reconstruction.params import ReconstructParams
from fer3d.reconstruction.prnet import files
from fer3d.reconstruction.surfaces import MeshSurface, SurfaceSource
from fer3d.reconstruction.topology import VERTICES
from fer3d.toolbox import Toolbox


@runtime_checkable
class Backend(Protocol):
    """From an image to a face; picklable, the network is loaded once per process."""

    @property
    def vertices(self) -> Spec:
        """How the vertices of one face are kept."""

    @property
    def libraries(self) -> tuple[str, ...]:
        """What the network runs in, by its names in ``rowwise.versions``."""

    @property
    def surface(self) -> SurfaceSource:
        """The dense surface over the vertices."""

    def __call__(self, image: Image, points: FivePoints) -> Mesh:
        """The face in an image (H, W, 3) uint8 RGB, by five points (5, 2) px, NaN if not known."""

    def models(self) -> dict[str, str]:
        """SHA-256 of the network's files by name."""


@dataclass(frozen=True)
class FacemeshBackend:
    """468 vertices by MediaPipe Face Mesh."""

    assets: Path
    subdivisions: int

    vertices = Spec((VERTICES, 3), "float32")
    libraries = ("litert",)

    @property
    def surface(self) -> MeshSurface:
        return MeshSurface(self.assets, self.subdivisions)

    def __call__(self, image: Image, points: FivePoints) -> Mesh:
        return facemesh.load_facemesh(self.assets / facemesh.MODEL)(image, points)

    def models(self) -> dict[str, str]:
        fields = Path(calibration.__file__).with_name(calibration.FIELDS)
        return {
            facemesh.MODEL: sha256_file(self.assets / facemesh.MODEL),
            calibration.FIELDS: sha256_file(fields),
        }


def make_backend(params: ReconstructParams, toolbox: Toolbox) -> Backend:
    """The backend that the parameters name.

    Args:
        params: the parameters of the stage.
        toolbox: model files, and the device for prnet.

    Raises:
        UserError: prnet's model file is missing.
        ValueError: prnet, and no folder of models.
    """
    if params.backend == "facemesh":
        return FacemeshBackend(toolbox.assets, params.subdivisions)
    file = files.model_file(toolbox.models)
    from fer3d.reconstruction.prnet.backend import PrnetBackend  # imports torch

    return PrnetBackend(file, toolbox.device)
