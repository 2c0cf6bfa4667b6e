"""Interface of face detectors, and the choice of a face."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Detections:
    """Faces of one image, in the image frame, px.

    Attributes:
        boxes: (n, 4) float32, x, y of the top left corner, width, height. A box may exceed the
            image.
        points: (n, 5, 2) float32, x, y of left eye, right eye, nose tip, left and right mouth
            corner, as seen in the image; NaN if the detector found no eyes.
        confidence: (n,) float32, 0 to 1.
    """

    boxes: np.ndarray
    points: np.ndarray
    confidence: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)

    def moved(self, x: float, y: float) -> "Detections":
        """The same faces in a frame with its origin at (x, y)."""
        shift = np.array([x, y], np.float32)
        boxes = self.boxes - np.append(shift, [0, 0]).astype(np.float32)
        return Detections(boxes, self.points - shift, self.confidence)


class Detector(Protocol):
    """A face detector; ``name`` is written to the manifest."""

    @property
    def name(self) -> str: ...

    def detect(self, images: np.ndarray) -> list[Detections]:
        """Faces of RGB images (N, H, W, 3) uint8; each image's result depends on it alone."""
        ...


@dataclass(frozen=True)
class SecondLook:
    """A detector with a second detector for images in which the first finds no face.

    Attributes:
        first: runs on all images; gives the name.
        second: runs on the images in which the first found no face.
    """

    first: Detector
    second: Detector

    @property
    def name(self) -> str:
        return self.first.name

    def detect(self, images: np.ndarray) -> list[Detections]:
        """Faces of RGB images (N, H, W, 3) uint8."""
        found = self.first.detect(images)
        missed = [i for i, faces in enumerate(found) if len(faces) == 0]
        if missed:
            for i, faces in zip(missed, self.second.detect(images[missed]), strict=True):
                found[i] = faces
        return found


def largest_first(boxes: np.ndarray) -> list[int]:
    """Indices of boxes (n, 4) by descending area; equal areas keep their order."""
    return np.argsort(-boxes[:, 2:].prod(axis=1), kind="stable").tolist()


def most_central(boxes: np.ndarray, height: int, width: int) -> int:
    """Index of the most central large face.

    It maximises area / (1 + d / r), where d is the distance between the centres of box and image,
    and r half the shorter side of the image: at the edge, a face has half the score of one of the
    same size in the centre. Of equal scores, the first is chosen.

    Args:
        boxes: (n, 4), x, y, width, height, px; n at least 1.
        height: of the image, px.
        width: of the image, px.
    """
    if len(boxes) == 0:
        raise ValueError("expected at least one box, got none")
    boxes = np.asarray(boxes, np.float64)
    away = boxes[:, :2] + boxes[:, 2:] / 2 - np.array([width, height]) / 2
    distance = np.linalg.norm(away, axis=1) / (min(height, width) / 2)
    return int(np.argmax(boxes[:, 2] * boxes[:, 3] / (1 + distance)))
