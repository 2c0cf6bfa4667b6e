"""68 landmarks of a face: dlib's regression trees, or vertices of the mesh.

Source: V. Kazemi and J. Sullivan, One Millisecond Face Alignment with an Ensemble of Regression
Trees, 2014 (paper A, section 4.2). dlib's trees give the outline too, for which the paper uses
supervised descent.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from fer3d.face3d.crops import Crop
from fer3d.face3d.facemesh import mesh_crop
from fer3d.face3d.topology import LANDMARKS_68

MODEL = "shape_predictor_68_face_landmarks.dat"

POINTS = 68

# The trees were trained on boxes of dlib's own HOG detector. Where those lie on a face, measured
# in longer sides of the levelled mesh, medians over 178 photos on which it found one face:
BOX_SIDE = 0.92
BOX_DROP = 0.015  # its centre lies lower than the mesh's

# The trees run on a levelled crop, enlarged, because their points are whole pixels.
CROP_SIZE = 200  # px
CROP_SCALE = 2.0  # side of the crop over the box's: points of the outline leave the box


class DlibLandmarks:
    """dlib's 68-point predictor, loaded; calls are independent of each other."""

    def __init__(self, model: Path):
        """Load the predictor from its file (100 MB)."""
        import dlib

        self._predictor = dlib.shape_predictor(str(model))
        low, high = (round(CROP_SIZE / 2 * (1 + sign / CROP_SCALE)) for sign in (-1, 1))
        self._box = dlib.rectangle(low, low, high, high)

    def __call__(self, image: np.ndarray, vertices: np.ndarray) -> np.ndarray:
        """Landmarks of the face at which a mesh lies.

        Args:
            image: (H, W, 3) uint8, RGB.
            vertices: (468, 3) float, px, image frame: only says where the face is.

        Returns:
            (68, 2) float64, px, image frame.
        """
        import cv2

        crop = dlib_crop(vertices)
        grey = cv2.cvtColor(crop.sample(image, CROP_SIZE), cv2.COLOR_RGB2GRAY)
        shape = self._predictor(grey, self._box)
        pixels = [(part.x, part.y) for part in map(shape.part, range(POINTS))]
        return crop.to_image(np.array(pixels) + 0.5, CROP_SIZE)  # 0.5: the pixel's centre


@lru_cache(maxsize=2)
def load_dlib(model: Path) -> DlibLandmarks:
    """The predictor of a file, once per process."""
    return DlibLandmarks(model)


def mesh_landmarks(vertices: np.ndarray) -> np.ndarray:
    """The mesh's own 68 landmarks: (..., 468, D) to (..., 68, D), same frame and unit."""
    return vertices[..., LANDMARKS_68, :]


def dlib_crop(vertices: np.ndarray) -> Crop:
    """The levelled crop in whose middle lies the box that dlib would have found."""
    around = mesh_crop(vertices, scale=1.0)
    down = np.array([-np.sin(around.angle), np.cos(around.angle)])
    x, y = np.array([around.x, around.y]) + BOX_DROP * around.side * down
    return Crop(float(x), float(y), CROP_SCALE * BOX_SIDE * around.side, around.angle)
