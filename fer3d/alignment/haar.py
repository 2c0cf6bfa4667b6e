"""Haar cascades of OpenCV: the face detector of paper A (section 4), and one for eyes.

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

FACE_CASCADE = "haarcascade_frontalface_default.xml"
_EYE_CASCADE = "haarcascade_eye.xml"
_SCALE_STEP = 1.1  # ratio of consecutive search sizes
_NEIGHBOURS = 5  # number of overlapping hits required for a detection
_EYE_NEIGHBOURS = 3
_EYE_REGION = 0.6  # upper fraction of a face's box in which eyes are searched
_EYE_FACE = 160  # px, side of a face in the search for eyes; the cascade's window has 20 px

# Positions of the points, in units of the distance of the eyes, relative to their midpoint, x to
# the right eye, y down the face: medians of MTCNN's points on the 3,589 images of FER2013's
# validation folder.
_POINTS = np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, 0.58], [-0.42, 1.08], [0.42, 1.08]])


@dataclass(frozen=True)
class HaarCascade:
    """Detector with Haar cascades. Picklable; the cascades are loaded once per process.

    OpenCV's cascades are not thread-safe: only one thread of a process may use them.

    Attributes:
        min_face: side of the smallest face, px.
    """

    min_face: int = 20

    name: ClassVar[str] = "haar"

    def detect(self, images: np.ndarray) -> list[Detections]:
        """Faces of RGB images (N, H, W, 3) uint8, by descending confidence.

        The confidence is the logistic function of the score of the cascade's last stage. If both
        eyes are found, the points below them are estimated; otherwise all points are NaN.
        """
        return [self._detect(image) for image in images]

    def _detect(self, image: np.ndarray) -> Detections:
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        size = (self.min_face, self.min_face)
        boxes, votes = _search(load_cascade(FACE_CASCADE), grey, _NEIGHBOURS, size)
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
        eyes, votes = _search(load_cascade(_EYE_CASCADE), upper, _EYE_NEIGHBOURS, (0, 0))
        pair = best_pair(eyes[:, :2] + eyes[:, 2:] / 2, votes, _EYE_FACE)
        if pair is None:
            return np.full((5, 2), np.nan)
        return points_from_eyes(*(pair * box[2:] / _EYE_FACE + box[:2]))


def best_pair(centres: np.ndarray, votes: np.ndarray, width: int) -> np.ndarray | None:
    """The best eye in each half of a face: (2, 2) centres, left first; None if one is missing.

    Args:
        centres: (n, 2) px, from the left edge of the face.
        votes: (n,) scores.
        width: of the face, px.
    """
    halves = centres[:, 0] < width / 2, centres[:, 0] >= width / 2
    if not all(half.any() for half in halves):
        return None
    best = [np.argmax(np.where(half, votes, -np.inf)) for half in halves]
    return centres[best]


def points_from_eyes(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Five points (5, 2) of a face with these eyes (2,) and average proportions, px."""
    across = np.asarray(right, np.float64) - left
    down = np.array([-across[1], across[0]])
    return (left + right) / 2 + _POINTS @ np.stack([across, down])


def _search(
    cascade: cv2.CascadeClassifier, grey: np.ndarray, neighbours: int, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (n, 4) int64 and scores (n,), by descending score."""
    hits, _, weights = cascade.detectMultiScale3(
        grey, _SCALE_STEP, neighbours, minSize=size, outputRejectLevels=True
    )
    boxes = np.array(hits, np.int64).reshape(-1, 4)
    votes = np.array(weights, np.float64).reshape(-1)
    order = np.lexsort((*boxes.T, -votes))
    return boxes[order], votes[order]


@lru_cache(maxsize=2)
def load_cascade(name: str) -> cv2.CascadeClassifier:
    """A cascade that comes with OpenCV, loaded once per process.

    Raises:
        UserError: this OpenCV does not have it.
    """
    if not hasattr(cv2, "CascadeClassifier"):
        raise UserError("OpenCV 5 has no Haar cascades: install opencv-python-headless below 5")
    folder = cv2.data.haarcascades  # type: ignore[attr-defined]  # missing in OpenCV's stubs
    cascade = cv2.CascadeClassifier(folder + name)
    if cascade.empty():
        raise UserError(f"OpenCV's {name} is missing: reinstall opencv-python-headless below 5")
    return cascade
