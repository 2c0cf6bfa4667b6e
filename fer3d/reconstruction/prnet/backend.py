"""PRN as a backend of the stage `reconstruct`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from fer3d.files.specs import Spec
from fer3d.geometry.typing import Images
from fer3d.reconstruction.mesh import Mesh
from fer3d.reconstruction.prnet.regressor import load_prn
from fer3d.reconstruction.prnet.uv import POINTS
from fer3d.reconstruction.surfaces import PositionMapSurface


@dataclass(frozen=True)
class PrnetBackend:
    """43,867 points by PRN.

    They are stored as float16: 263 kB per face instead of 526. The resolution is 0.004 cm at 4 cm
    from the centre of the face and 0.008 cm at 8, a tenth of the distance between neighbouring
    points; in the image 0.06 px at 100 px, 0.5 px beyond 512.

    Attributes:
        file: PRN's model file.
        device: cpu | cuda.
    """

    file: Path
    device: str = "cpu"

    vertices = Spec((POINTS, 3), "float16")
    features = None
    libraries = ("torch",)

    @property
    def surface(self) -> PositionMapSurface:
        return PositionMapSurface(self.file)

    def __call__(self, images: Images, points: Float[np.ndarray, "n 5 2"]) -> list[Mesh]:
        network = load_prn(self.file, self.device)
        return [network(image, five) for image, five in zip(images, points, strict=True)]

    def models(self) -> dict[str, str]:
        return self.surface.models()
