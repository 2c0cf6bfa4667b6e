"""68 landmarks of a face: dlib's regression trees, or vertices of the mesh.

Source: V. Kazemi and J. Sullivan, One Millisecond Face Alignment with an Ensemble of Regression
Trees, 2014 (paper A, section 4.2). dlib also predicts the outline, for which the paper uses
supervised descent.
"""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Shaped

from fer3d.geometry.affine import Crop
from fer3d.geometry.typing import Images
from fer3d.reconstruction.facemesh import mesh_crop
from fer3d.reconstruction.recentralize import Similarity
from fer3d.reconstruction.shape_predictor import read_shape_predictor
from fer3d.reconstruction.topology import LANDMARKS_68

MODEL = "shape_predictor_68_face_landmarks.dat"

POINTS = 68

RIGID = np.isin(np.arange(POINTS), [*range(27, 36), 36, 39, 42, 45]).astype(np.float64)
"""(68,) weights: 1 for the nose and the corners of the eyes, 0 for points that move with
expressions."""

# The trees were trained on boxes of dlib's HOG detector. Position and size of these boxes, relative
# to the longer side of the levelled mesh, are medians over 178 photos in which it found one face:
BOX_SIDE = 0.835
BOX_DROP = 0.003  # offset of the centre from that of the mesh, positive: lower

# The trees run on an enlarged, levelled crop, because their points are integers.
CROP_SIZE = 200  # px
CROP_SCALE = 2.0  # side of the crop, relative to the box; the outline exceeds the box

IBUG_OFFSET = np.array(
    [
        # outline
        (-0.05, -0.57, -1.3), (-0.21, 0.65, -0.8), (-0.2, 0.48, -0.6), (-0.28, 0.43, -0.3),
        (-0.21, 0.18, 0), (-0.81, 0.81, 0), (-0.22, 0.23, 0), (-0.53, 0.18, 0), (0, 0.01, 0),
        (0.53, 0.18, 0), (0.22, 0.23, 0), (0.81, 0.81, 0), (0.21, 0.18, 0), (0.28, 0.43, -0.3),
        (0.2, 0.48, -0.6), (0.21, 0.65, -0.8), (0.05, -0.57, -1.3),
        # brows
        (-0.68, -0.17, 0), (-0.38, 0.35, 0), (0.06, 0.58, 0), (0.27, 0.46, 0), (0.05, 0.33, 0),
        (-0.05, 0.33, 0), (-0.27, 0.46, 0), (-0.06, 0.58, 0), (0.38, 0.35, 0), (0.68, -0.17, 0),
        # nose
        (0, -0.39, 0), (0, 0.1, 0), (0, 0.31, 0), (0, -0.09, 0), (-0.31, -0.25, 0),
        (-0.08, 0.12, 0), (0, 0.04, 0), (0.08, 0.12, 0), (0.31, -0.25, 0),
        # eyes
        (0, -0.06, 0), (0.05, -0.03, 0), (0.11, -0.04, 0), (0.08, -0.12, 0), (0.01, -0.13, 0),
        (-0.02, -0.17, 0), (-0.08, -0.12, 0), (-0.11, -0.04, 0), (-0.05, -0.03, 0),
        (0, -0.06, 0), (0.02, -0.17, 0), (-0.01, -0.13, 0),
        # lips
        (-0.01, 0.1, 0), (-0.22, 0.02, 0), (0.07, 0.2, 0), (0, 0.12, 0), (-0.07, 0.2, 0),
        (0.22, 0.02, 0), (0.01, 0.1, 0), (0.35, 0.02, 0), (0.02, -0.3, 0), (0, -0.33, 0),
        (-0.02, -0.3, 0), (-0.35, 0.02, 0), (0.09, -0.05, 0), (-0.12, 0.19, 0), (0, 0.12, 0),
        (0.12, 0.19, 0), (-0.09, -0.05, 0), (0.13, -0.14, 0), (0, -0.22, 0), (-0.13, -0.14, 0),
    ]
)  # fmt: skip
"""(68, 3) cm, face frame: offsets from the mesh's vertices to the 68 points of iBUG 300-W. x and y:
the median displacement to dlib's points, which 326 of 328 frontal photos of FER2013 have, made
symmetric (docs/accuracy3d.md). z: on the mean face of 300W-LP and AFLW2000-3D, the ends of the
outline are at the ears, behind the rim of the mesh.
"""


class DlibLandmarks:
    """The loaded 68-point predictor of dlib; calls are independent of each other."""

    def __init__(self, model: Path):
        """Load the predictor from its file (100 MB)."""
        self._predictor = read_shape_predictor(model)
        low, high = (round(CROP_SIZE / 2 * (1 + sign / CROP_SCALE)) for sign in (-1, 1))
        self._box = low, low, high, high

    def __call__(
        self, images: Images, vertices: Float[np.ndarray, "n 468 3"]
    ) -> Float[np.ndarray, "n 68 2"]:
        """Landmarks of the faces at the positions of meshes.

        Args:
            images: (H, W, 3) uint8, RGB, each.
            vertices: (N, 468, 3) float, px, image frame: only for the position.

        Returns:
            (N, 68, 2) float64, px, image frame.
        """
        crops = dlib_crop(vertices)
        pixels = crops.sample_each(images, CROP_SIZE)
        grey = np.stack([cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for crop in pixels])
        return crops.to_image(self._predictor(grey, self._box) + 0.5, CROP_SIZE)  # pixel centres


@lru_cache(maxsize=2)
def load_dlib(model: Path) -> DlibLandmarks:
    """The predictor of a file, once per process."""
    return DlibLandmarks(model)


def mesh_landmarks(
    vertices: Shaped[np.ndarray, "*batch 468 d"],
) -> Shaped[np.ndarray, "*batch 68 d"]:
    """The 68 landmarks of a mesh: (..., 468, D) to (..., 68, D), same frame and unit."""
    return vertices[..., LANDMARKS_68, :]


def ibug_landmarks(
    vertices: Float[np.ndarray, "468 3"], face_from_image: Similarity
) -> Float[np.ndarray, "68 3"]:
    """The 68 points as defined in iBUG 300-W, including hidden ones.

    Args:
        vertices: (468, 3) float, px, image frame.
        face_from_image: of the same face.

    Returns:
        (68, 3) float64, px, image frame.
    """
    offset = IBUG_OFFSET @ face_from_image.rotation / face_from_image.scale
    return mesh_landmarks(vertices) + offset


def dlib_crop(vertices: Float[np.ndarray, "*batch 468 3"]) -> Crop:
    """The levelled crops around the boxes of dlib's detector, estimated from meshes."""
    around = mesh_crop(vertices, scale=1.0)
    drop = BOX_DROP * around.side
    x, y = around.x - drop * np.sin(around.angle), around.y + drop * np.cos(around.angle)
    return Crop(x, y, CROP_SCALE * BOX_SIDE * around.side, around.angle)
