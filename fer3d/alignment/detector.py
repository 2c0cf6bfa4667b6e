"""What a detector returns, and which face of an image is meant."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Detections:
    """Faces of one image, px of the image frame.

    Attributes:
        boxes: (n, 4) float32, x, y of the top left corner, width, height. A box may stick out
            of the image.
        points: (n, 5, 2) float32, x, y of left eye, right eye, nose tip, left and right mouth
            corner, as seen in the image; NaN where the detector found no eyes.
        confidence: (n,) float32, 0 to 1.
    """

    boxes: np.ndarray
    points: np.ndarray
    confidence: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)

    def moved(self, x: float, y: float) -> "Detections":
        """The same faces with the origin of the frame at (x, y)."""
        shift = np.array([x, y], np.float32)
        boxes = self.boxes - np.append(shift, [0, 0]).astype(np.float32)
        return Detections(boxes, self.points - shift, self.confidence)


class Detector(Protocol):
    """A face detector; ``name`` goes into the manifest."""

    @property
    def name(self) -> str: ...

    def detect(self, images: np.ndarray) -> list[Detections]:
        """Faces of RGB images (N, H, W, 3) uint8; an image's faces depend on it alone."""
        ...


@dataclass(frozen=True)
class SecondLook:
    """A detector that looks again, in another way, at images in which it finds no face.

    Attributes:
        first: looks at all images; its name is that of both.
        second: looks at the images in which the first found no face.
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
    """Indices of boxes (n, 4) by falling area; of equal areas the first comes first."""
    return np.argsort(-boxes[:, 2:].prod(axis=1), kind="stable").tolist()


def most_central(boxes: np.ndarray, height: int, width: int) -> int:
    """Index of the face that is meant: large and near the middle of the image.

    It has the highest score area / (1 + d / r), with d the distance of the box's centre from
    the image's and r half the image's shorter side: at the edge a face counts half as much as
    one of its size in the middle. The first of equal scores wins.

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
