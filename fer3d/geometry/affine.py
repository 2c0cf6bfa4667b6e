"""Affine maps of the plane, and images resampled through them.

An affine is a (2, 3) matrix of the image frame, whose origin is the outer corner of the top left
pixel: ``target = A[:, :2] @ source + A[:, 2]``.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Shaped, UInt8

from fer3d.geometry.typing import Image, Reals

_LONGEST = 32766  # px: of a side that OpenCV warps
_MARGIN = 2  # px around what is looked at, for interpolation
_PIXEL_CENTRE = np.array([[1, 0, 0.5], [0, 1, 0.5]])  # OpenCV puts the origin there


def plane_rotation(angle: float | Reals) -> Float[np.ndarray, "*batch 2 2"]:
    """Matrices that turn by ``angle`` radians from x (right) to y (down)."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


def rotation(
    angle: float | Reals, centre: Shaped[np.ndarray, "*batch 2"]
) -> Float[np.ndarray, "*batch 2 3"]:
    """Affine that turns by ``-angle`` radians about ``centre``."""
    turn = np.swapaxes(plane_rotation(angle), -1, -2)
    shift = centre - np.einsum("...ij,...j->...i", turn, centre)
    return np.concatenate([turn, shift[..., None]], axis=-1)


def window(corner: Shaped[np.ndarray, "2"], side: float, size: float) -> Float[np.ndarray, "2 3"]:
    """Affine that takes the square at ``corner`` of ``side`` px to ``size`` px."""
    scale = size / side
    return np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])


def compose(
    second: Float[np.ndarray, "*#batch 2 3"], first: Float[np.ndarray, "*#batch 2 3"]
) -> Float[np.ndarray, "... 2 3"]:
    """The affine of ``first``, then ``second``."""
    linear = second[..., :2] @ first[..., :2]
    shift = second[..., :2] @ first[..., 2:] + second[..., 2:]
    return np.concatenate([linear, shift], axis=-1)


def invert(affine: Float[np.ndarray, "*batch 2 3"]) -> Float[np.ndarray, "*batch 2 3"]:
    """The affine that undoes this one."""
    linear = np.linalg.inv(affine[..., :2])
    return np.concatenate([linear, -linear @ affine[..., 2:]], axis=-1)


def apply(
    affine: Float[np.ndarray, "*#batch 2 3"], points: Shaped[np.ndarray, "*#batch n 2"]
) -> Float[np.ndarray, "... n 2"]:
    """Points moved by an affine."""
    return points @ np.swapaxes(affine[..., :2], -1, -2) + affine[..., None, :, 2]


def scale_of(affine: Float[np.ndarray, "2 3"]) -> float:
    """How much longer an affine makes lengths, in the geometric mean over directions."""
    return float(np.sqrt(np.abs(np.linalg.det(affine[:, :2]))))


def turn_of(affine: Float[np.ndarray, "2 3"]) -> Float[np.ndarray, "3 3"]:
    """The rotation about z of a similarity of the plane."""
    turn = np.eye(3)
    turn[:2, :2] = affine[:, :2] / scale_of(affine)
    return turn


def whole_image(height: int, width: int, size: float) -> Float[np.ndarray, "2 3"]:
    """Affine of an image that is kept whole: fitted into a square of ``size`` px, centred."""
    side = max(height, width)
    return window(np.array([width - side, height - side]) / 2, side, size)


def centre_of(box: Shaped[np.ndarray, "4"]) -> Float[np.ndarray, "2"]:
    """The centre of a box x, y, width, height."""
    return (box[:2] + box[2:] / 2).astype(np.float64)


def move_box(
    affine: Float[np.ndarray, "2 3"], box: Shaped[np.ndarray, "4"]
) -> Float[np.ndarray, "4"]:
    """Box x, y, width, height about the moved centre, scaled but not turned."""
    (centre,) = apply(affine, centre_of(box)[None])
    size = box[2:].astype(np.float64) * scale_of(affine)
    return np.concatenate([centre - size / 2, size])


def warp(image: Image, affine: Float[np.ndarray, "2 3"], size: int) -> UInt8[np.ndarray, "s s 3"]:
    """Resample an image through an affine; outside, the border's pixels go on.

    A strongly shrinking affine takes the mean over areas first, so that large photos do not alias.

    Args:
        image: RGB.
        affine: result from image.
        size: side of the result, px.
    """
    image, affine = _cut(*_reduced(image, affine), size)
    centred = compose(invert(_PIXEL_CENTRE), compose(affine, _PIXEL_CENTRE))
    return cv2.warpAffine(
        image, centred, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _reduced(image: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The image shrunk by the whole factor that the affine shrinks by, and the affine left over.

    A side shorter than the factor bounds it, but not that of the other side of a long strip.
    """
    shrinks, sides = 1 / scale_of(affine), image.shape[:2]
    least = min(sides)
    down, across = (int(min(shrinks, side if max(sides) > _LONGEST else least)) for side in sides)
    if max(down, across) < 2:
        return image, affine
    down, across = max(down, 1), max(across, 1)
    height, width = -(-sides[0] // down), -(-sides[1] // across)
    padded = cv2.copyMakeBorder(
        image,
        0, height * down - sides[0], 0, width * across - sides[1],
        cv2.BORDER_REPLICATE,
    )  # fmt: skip
    small = cv2.resize(padded, (width, height), interpolation=cv2.INTER_AREA)
    grow = np.array([[across, 0, 0], [0, down, 0]], np.float64)
    return small, compose(affine, grow)


def _cut(image: np.ndarray, affine: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Of an image that is too long for OpenCV the part that is looked at, and the affine from it.

    What lies outside of the part, and inside of the image, is not looked at.
    """
    if max(image.shape[:2]) <= _LONGEST:
        return image, affine
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64)
    seen = apply(invert(affine), corners)
    low, high = np.floor(seen.min(axis=0)) - _MARGIN, np.ceil(seen.max(axis=0)) + _MARGIN
    limits = np.array(image.shape[1::-1])
    left, top = np.clip(low, 0, limits - 1).astype(int)
    right, bottom = np.clip(high, [left + 1, top + 1], limits).astype(int)
    shift = np.array([[1, 0, left], [0, 1, top]], np.float64)
    return image[top:bottom, left:right], compose(affine, shift)


def levelled_box(
    points: Float[np.ndarray, "n 2"], turn: Float[np.ndarray, "2 2"]
) -> tuple[Float[np.ndarray, "2"], Float[np.ndarray, "2"]]:
    """Smallest and largest coordinates of points along the axes of a turned frame.

    Args:
        turn: ``plane_rotation`` of the frame's x axis.
    """
    levelled = points @ turn
    return levelled.min(axis=0), levelled.max(axis=0)


@dataclass(frozen=True)
class Crop:
    """A square, turned window in the image frame.

    Attributes:
        x, y: its centre, px.
        side: length of its sides, px.
        angle: radians; the direction of the window's x axis, turning from x (right) to y (down).
    """

    x: float
    y: float
    side: float
    angle: float = 0.0

    def sample(self, image: Image, size: int) -> UInt8[np.ndarray, "s s 3"]:
        """The window's content; the image's border is repeated outside."""
        matrix = self.image_from_crop(size)
        matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 1 / 2  # from corners to centres of pixels
        return cv2.warpAffine(
            image,
            matrix,
            (size, size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def to_image(
        self, points: Shaped[np.ndarray, "*shape d"], size: int
    ) -> Float[np.ndarray, "*shape d"]:
        """Points of the sampled window in the image frame.

        Args:
            points: x, y and perhaps z in pixels of the sampled window, from its top left corner.
            size: pixels on a side of the sampled window.

        Returns:
            px, image frame; z is scaled as x and y are.
        """
        matrix = self.image_from_crop(size)
        planar = points[..., :2] @ matrix[:, :2].T + matrix[:, 2]
        return np.concatenate([planar, points[..., 2:] * (self.side / size)], axis=-1)

    def image_from_crop(self, size: int) -> Float[np.ndarray, "2 3"]:
        """Affine of the sampled window's pixels to the image's, corner to corner."""
        turn = plane_rotation(self.angle)
        offset = np.array([self.x, self.y]) - turn.sum(axis=1) * self.side / 2
        return np.column_stack([turn * (self.side / size), offset])


def crop_around(
    points: Float[np.ndarray, "n 2"],
    scale: float,
    start: Shaped[np.ndarray, "2"],
    end: Shaped[np.ndarray, "2"],
) -> Crop:
    """The crop around points, turned so that the line from ``start`` to ``end`` is level.

    Args:
        points: px, image frame.
        scale: side of the crop over the longer side of the points' levelled bounding box.
        start, end: px, as the subject's right and left eye.
    """
    angle = float(np.arctan2(end[1] - start[1], end[0] - start[0]))
    turn = plane_rotation(angle)
    low, high = levelled_box(points, turn)
    x, y = turn @ ((low + high) / 2)
    return Crop(float(x), float(y), scale * float((high - low).max()), angle)


def whole_crop(shape: tuple[int, int]) -> Crop:
    """The crop of an image of (height, width) px that holds all of it."""
    height, width = shape
    return Crop(width / 2, height / 2, float(max(height, width)))
