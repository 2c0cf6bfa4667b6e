"""Haar cascades of OpenCV: the face detector of paper A (section 4), eyes by a second cascade.

Source: Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features",
CVPR 2001; the cascades that come with OpenCV 4.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import cv2
import numpy as np

from fer3d.alignment.detector import Detections
from fer3d.errors import UserError
from fer3d.files.images import resize

_FACE_CASCADE = "haarcascade_frontalface_default.xml"
_EYE_CASCADE = "haarcascade_eye.xml"
_SCALE_STEP = 1.1  # between sizes that are searched
_NEIGHBOURS = 5  # hits at about the same place that make a face
_EYE_NEIGHBOURS = 3
_EYE_REGION = 0.6  # eyes lie in this upper share of a face's box
_EYE_FACE = 160  # px, side of a face in which eyes are searched: the cascade sees 20 px

# Where the points of a face lie, in units of the distance of its eyes, from their middle, x to
# the right eye, y down the face: median over MTCNN's points on the 3,589 images of FER2013's
# validation folder.
_POINTS = np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, 0.58], [-0.42, 1.08], [0.42, 1.08]])


@dataclass(frozen=True)
class HaarCascade:
    """The detector; picklable, its cascades are loaded once per process.

    OpenCV's cascades hold state: one thread of a process may use them.

    Attributes:
        min_face: side of the smallest face in px.
    """

    min_face: int = 20

    name: ClassVar[str] = "haar"

    def detect(self, images: np.ndarray) -> list[Detections]:
        """Faces of RGB images (N, H, W, 3) uint8, the surest first.

        The confidence is the logistic of the cascade's last sum of votes. Where both eyes are
        found, the points below them are estimated; else all points are NaN.
        """
        return [self._detect(image) for image in images]

    def _detect(self, image: np.ndarray) -> Detections:
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        size = (self.min_face, self.min_face)
        boxes, votes = _search(_load(_FACE_CASCADE), grey, _NEIGHBOURS, size)
        points = [self._points(grey, box) for box in boxes]
        confidence = 1 / (1 + np.exp(-votes))
        return Detections(
            boxes.astype(np.float32),
            np.array(points, np.float32).reshape(-1, 5, 2),
            confidence.astype(np.float32),
        )

    def _points(self, grey: np.ndarray, box: np.ndarray) -> np.ndarray:
        x, y, width, height = box
        face = resize(grey[y : y + height, x : x + width], _EYE_FACE, _EYE_FACE)
        upper = face[: int(_EYE_FACE * _EYE_REGION)]
        eyes, votes = _search(_load(_EYE_CASCADE), upper, _EYE_NEIGHBOURS, (0, 0))
        pair = best_pair(eyes[:, :2] + eyes[:, 2:] / 2, votes, _EYE_FACE)
        if pair is None:
            return np.full((5, 2), np.nan)
        return points_from_eyes(*(pair * box[2:] / _EYE_FACE + box[:2]))


def best_pair(centres: np.ndarray, votes: np.ndarray, width: int) -> np.ndarray | None:
    """The surest eye of each half of a face: (2, 2) centres, left first; None where one lacks.

    Args:
        centres: (n, 2) px, from the left edge of the face.
        votes: (n,), higher is surer.
        width: of the face, px.
    """
    halves = centres[:, 0] < width / 2, centres[:, 0] >= width / 2
    if not all(half.any() for half in halves):
        return None
    best = [np.argmax(np.where(half, votes, -np.inf)) for half in halves]
    return centres[best]


def points_from_eyes(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Five points (5, 2) of a face of average proportions with these eyes (2,), px."""
    across = np.asarray(right, np.float64) - left
    down = np.array([-across[1], across[0]])
    return (left + right) / 2 + _POINTS @ np.stack([across, down])


def _search(
    cascade: cv2.CascadeClassifier, grey: np.ndarray, neighbours: int, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (n, 4) int64 and votes (n,), the surest first, whatever OpenCV's own order."""
    hits, _, weights = cascade.detectMultiScale3(
        grey, _SCALE_STEP, neighbours, minSize=size, outputRejectLevels=True
    )
    boxes = np.array(hits, np.int64).reshape(-1, 4)
    votes = np.array(weights, np.float64).reshape(-1)
    order = np.lexsort((*boxes.T, -votes))
    return boxes[order], votes[order]


@lru_cache(maxsize=2)
def _load(name: str) -> cv2.CascadeClassifier:
    if not hasattr(cv2, "CascadeClassifier"):
        raise UserError("OpenCV 5 has no Haar cascades: install opencv-python-headless below 5")
    folder = cv2.data.haarcascades  # type: ignore[attr-defined]  # missing in OpenCV's stubs
    cascade = cv2.CascadeClassifier(folder + name)
    if cascade.empty():
        raise UserError(f"OpenCV's {name} is missing: reinstall opencv-python-headless below 5")
    return cascade
