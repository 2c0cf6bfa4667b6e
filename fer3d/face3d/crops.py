"""Square, turned crops of an image, and the way back from their pixels to the image's."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Crop:
    """A square window in the image frame.

    Attributes:
        x, y: its centre, px.
        side: length of its sides, px.
        angle: radians; the direction of the window's x axis, turning from x (right) to y (down).
    """

    x: float
    y: float
    side: float
    angle: float = 0.0

    def sample(self, image: np.ndarray, size: int) -> np.ndarray:
        """The window's content as (size, size, C) uint8; the image's border is repeated outside."""
        import cv2

        # OpenCV counts from the centres of pixels, the image frame from their corners.
        matrix = self._image_from_crop(size)
        matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 1 / 2
        return cv2.warpAffine(
            image,
            matrix,
            (size, size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def to_image(self, points: np.ndarray, size: int) -> np.ndarray:
        """Points of the sampled window in the image frame.

        Args:
            points: (..., 2) or (..., 3) float, pixels of the sampled window from its top left
                corner; z in the same pixels.
            size: pixels on a side of the sampled window.

        Returns:
            The same shape, float64, px, image frame; z is scaled as x and y are.
        """
        matrix = self._image_from_crop(size)
        planar = points[..., :2] @ matrix[:, :2].T + matrix[:, 2]
        return np.concatenate([planar, points[..., 2:] * (self.side / size)], axis=-1)

    def _image_from_crop(self, size: int) -> np.ndarray:
        """(2, 3) affine map of the sampled window's pixels to the image's, corner to corner."""
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        linear = turn * (self.side / size)
        offset = np.array([self.x, self.y]) - turn.sum(axis=1) * self.side / 2
        return np.column_stack([linear, offset])


def around(points: np.ndarray, scale: float, right: np.ndarray, left: np.ndarray) -> Crop:
    """The crop around points, turned so that the line between two of them is level.

    Args:
        points: (N, 2) float, px, image frame.
        scale: side of the crop over the longer side of the points' levelled bounding box.
        right, left: (2,) float, px: the subject's right and left eye.
    """
    angle = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    levelled = points @ turn
    low, high = levelled.min(axis=0), levelled.max(axis=0)
    x, y = turn @ ((low + high) / 2)
    return Crop(float(x), float(y), scale * float((high - low).max()), angle)


def whole_image(shape: tuple[int, int]) -> Crop:
    """The crop of an image of (height, width) px that holds all of it."""
    height, width = shape
    return Crop(width / 2, height / 2, float(max(height, width)))


def five_point_layout(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Where five points say that a face is, and how large.

    Args:
        points: (5, 2) float, px, image frame: eyes, nose and corners of the mouth, left and right
            as seen.

    Returns:
        The middle between eyes and mouth (2,), the line from eye to eye (2,), and the longer one
        of that line and the distance between eyes and mouth; px, float64.
    """
    right, left, _, *mouth = points.astype(np.float64)
    eyes, lips = (right + left) / 2, np.mean(mouth, axis=0)
    across = left - right
    unit = max(np.linalg.norm(across), np.linalg.norm(lips - eyes))
    return (eyes + lips) / 2, across, unit
