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
from fer3d.reconstruction.attention import FEATURES
from fer3d.reconstruction.mesh import Mesh
from fer3d.reconstruction.params import MeshRuntime, ReconstructParams
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
    def features(self) -> Spec | None:
        """Storage format of the features of one face; None if the network has none."""

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
    """468 vertices by MediaPipe Face Mesh.

    Attributes:
        assets: folder of model files.
        subdivisions: of the surface.
        passes: of the network for each image.
        runtime: the library that runs the network.
        device: cpu | cuda, of the runtime ``torch``.
    """

    assets: Path
    subdivisions: int
    passes: int
    runtime: MeshRuntime = "litert"
    device: str = "cpu"

    vertices = Spec((VERTICES, 3), "float32")
    features = Spec((2, FEATURES), "float16")

    @property
    def libraries(self) -> tuple[str, ...]:
        return (self.runtime,)

    @property
    def surface(self) -> MeshSurface:
        return MeshSurface(self.assets, self.subdivisions)

    def __call__(self, images: Images, points: Float[np.ndarray, "n 5 2"]) -> list[Mesh]:
        file = self.assets / facemesh.MODEL
        network = facemesh.load_facemesh(file, self.passes, self.runtime, self.device)
        return network(images, points)

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
        toolbox: model files, and the device of PyTorch networks.

    Raises:
        UserError: prnet's model file is missing.
        ValueError: prnet without a folder of models.
    """
    device = device_of(params, toolbox)
    if params.backend == "facemesh":
        return FacemeshBackend(
            toolbox.assets, params.subdivisions, params.passes, params.runtime, device
        )
    file = files.model_file(toolbox.models)
    from fer3d.reconstruction.prnet.backend import PrnetBackend  # imports torch

    return PrnetBackend(file, device)


def device_of(params: ReconstructParams, toolbox: Toolbox) -> str:
    """Device of the network, ``cpu`` or ``cuda``; part of the keys of its results."""
    by_torch = params.backend == "prnet" or params.runtime == "torch"
    return toolbox.device if by_torch else "cpu"
