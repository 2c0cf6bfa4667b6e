"""MediaPipe Face Mesh: 468 vertices of a face in an image, by its TFLite network.

Source: Y. Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile
GPUs, 2019. The network's file fixes a batch of one; a resized batch gives the same bytes and is
no faster on a CPU, so images go one by one.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from fer3d.face3d.crops import Crop, around
from fer3d.face3d.topology import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, VERTICES

MODEL = "face_landmark.tflite"
INPUT_SIZE = 192  # px, of the network
PASSES = 2  # the second crop is placed by the first pass's mesh
CROP_SCALE = 1.5  # side of that crop over the levelled mesh's longer side, as in MediaPipe

POINTS_CROP_SCALE = 3.5
"""Side of the first crop over the distance between the eyes or that between eyes and mouth, the
longer of both: median of the side of the second crop, over 212 photos. It lands nearer to where
further passes would end than a crop around the detector's box, 0.7 % against 1.2 % of the
face's size after two passes, and does not depend on what a detector takes for a face's box."""


@dataclass(frozen=True)
class Mesh:
    """A face found in an image.

    Attributes:
        vertices: (468, 3) float64, px, image frame; z is relative to about the head's middle.
        presence: 0..1, the network's belief that its last crop holds a face.
    """

    vertices: np.ndarray
    presence: float


class FaceMesh:
    """The network, loaded; calls are independent of each other."""

    def __init__(self, model: Path):
        """Load the network from its file, for one thread."""
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(str(model), num_threads=1)
        self._interpreter.allocate_tensors()
        (self._input,) = [item["index"] for item in self._interpreter.get_input_details()]
        outputs = self._interpreter.get_output_details()
        by_size = {int(np.prod(item["shape"])): item["index"] for item in outputs}
        self._vertices, self._presence = by_size[VERTICES * 3], by_size[1]

    def __call__(self, image: np.ndarray, points: np.ndarray) -> Mesh:
        """The mesh of one face.

        Args:
            image: (H, W, 3) uint8, RGB.
            points: (5, 2) float, px, image frame: eyes, nose and corners of the mouth, left and
                right as seen; NaN where no face was detected: the whole image is tried then.
        """
        crop = first_crop(image.shape[:2], points)
        for _ in range(PASSES):
            vertices, presence = self._run(image, crop)
            crop = mesh_crop(vertices)
        return Mesh(vertices, presence)

    def _run(self, image: np.ndarray, crop: Crop) -> tuple[np.ndarray, float]:
        pixels = crop.sample(image, INPUT_SIZE).astype(np.float32) / np.float32(255)
        self._interpreter.set_tensor(self._input, pixels[None])
        self._interpreter.invoke()
        vertices = self._interpreter.get_tensor(self._vertices).reshape(VERTICES, 3)
        score = float(self._interpreter.get_tensor(self._presence).item())
        vertices = crop.to_image(vertices.astype(np.float64), INPUT_SIZE)
        return vertices, float(1 / (1 + np.exp(-score)))


@lru_cache(maxsize=2)
def load_facemesh(model: Path) -> FaceMesh:
    """The network of a file, once per process."""
    return FaceMesh(model)


def first_crop(shape: tuple[int, int], points: np.ndarray) -> Crop:
    """Where to look for the face: around its five points, or the whole image without them."""
    if not np.isfinite(points).all():
        height, width = shape
        return Crop(width / 2, height / 2, float(max(height, width)))
    right, left, _, *mouth = points.astype(np.float64)
    eyes, lips = (right + left) / 2, np.mean(mouth, axis=0)
    across, down = left - right, lips - eyes
    x, y = (eyes + lips) / 2
    side = POINTS_CROP_SCALE * max(np.linalg.norm(across), np.linalg.norm(down))
    return Crop(float(x), float(y), float(side), float(np.arctan2(across[1], across[0])))


def mesh_crop(vertices: np.ndarray, scale: float = CROP_SCALE) -> Crop:
    """The crop around a mesh (468, 3), px, image frame, its eyes level.

    Its side is ``scale`` times the longer side of the levelled mesh.
    """
    planar = vertices[:, :2]
    right = planar[list(RIGHT_EYE_CORNERS)].mean(axis=0)
    left = planar[list(LEFT_EYE_CORNERS)].mean(axis=0)
    return around(planar, scale, right, left)
