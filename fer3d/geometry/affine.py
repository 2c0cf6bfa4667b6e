"""Affine maps of the plane, and images resampled through them.

An affine is a (2, 3) matrix of the image frame, whose origin is the outer corner of the top left
pixel: ``target = A[:, :2] @ source + A[:, 2]``.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Shaped, UInt8

from fer3d.geometry.typing import Image, Images, Reals

_LONGEST = 32766  # px; longest side that OpenCV can warp
_MARGIN = 2  # px around the sampled area, for interpolation
_PIXEL_CENTRE = np.array([[1, 0, 0.5], [0, 1, 0.5]])  # the origin of OpenCV


def plane_rotation(angle: float | Reals) -> Float[np.ndarray, "*batch 2 2"]:
    """Rotation matrices of ``angle`` radians, from x (right) to y (down)."""
    matrices = np.empty((*np.shape(angle), 2, 2))
    matrices[..., 0, 0] = matrices[..., 1, 1] = np.cos(angle)
    matrices[..., 1, 0] = np.sin(angle)
    matrices[..., 0, 1] = -matrices[..., 1, 0]
    return matrices


def rotation(
    angle: float | Reals, centre: Shaped[np.ndarray, "*batch 2"]
) -> Float[np.ndarray, "*batch 2 3"]:
    """Affine that rotates by ``-angle`` radians about ``centre``."""
    turn = np.swapaxes(plane_rotation(angle), -1, -2)
    shift = centre - np.einsum("...ij,...j->...i", turn, centre)
    return np.concatenate([turn, shift[..., None]], axis=-1)


def window(corner: Shaped[np.ndarray, "2"], side: float, size: float) -> Float[np.ndarray, "2 3"]:
    """Affine from the square of ``side`` px at ``corner`` to a square of ``size`` px."""
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
    """The inverse affine."""
    linear = np.linalg.inv(affine[..., :2])
    return np.concatenate([linear, -linear @ affine[..., 2:]], axis=-1)


def apply(
    affine: Float[np.ndarray, "*#batch 2 3"], points: Shaped[np.ndarray, "*#batch n 2"]
) -> Float[np.ndarray, "... n 2"]:
    """Points transformed by an affine."""
    return points @ np.swapaxes(affine[..., :2], -1, -2) + affine[..., None, :, 2]


def scale_of(affine: Float[np.ndarray, "2 3"]) -> float:
    """The scale of an affine: the geometric mean over directions."""
    return float(np.sqrt(np.abs(np.linalg.det(affine[:, :2]))))


def turn_of(affine: Float[np.ndarray, "2 3"]) -> Float[np.ndarray, "3 3"]:
    """The rotation about z of a planar similarity."""
    turn = np.eye(3)
    turn[:2, :2] = affine[:, :2] / scale_of(affine)
    return turn


def whole_image(height: int, width: int, size: float) -> Float[np.ndarray, "2 3"]:
    """Affine that fits a whole image into a square of ``size`` px, centred."""
    side = max(height, width)
    return window(np.array([width - side, height - side]) / 2, side, size)


def centre_of(box: Shaped[np.ndarray, "4"]) -> Float[np.ndarray, "2"]:
    """The centre of a box x, y, width, height."""
    return (box[:2] + box[2:] / 2).astype(np.float64)


def move_box(
    affine: Float[np.ndarray, "2 3"], box: Shaped[np.ndarray, "4"]
) -> Float[np.ndarray, "4"]:
    """Box x, y, width, height around the transformed centre, scaled but not rotated."""
    (centre,) = apply(affine, centre_of(box)[None])
    size = box[2:].astype(np.float64) * scale_of(affine)
    return np.concatenate([centre - size / 2, size])


def warp(image: Image, affine: Float[np.ndarray, "2 3"], size: int) -> UInt8[np.ndarray, "s s 3"]:
    """Resample an image through an affine; outside the image, border pixels are repeated.

    If the affine shrinks the image, areas are averaged first, to prevent aliasing.

    Args:
        image: RGB.
        affine: from the image to the result.
        size: side of the result, px.
    """
    image, affine = _cut(*_reduced(image, affine), size)
    centred = compose(invert(_PIXEL_CENTRE), compose(affine, _PIXEL_CENTRE))
    return cv2.warpAffine(
        image, centred, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _reduced(image: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The image shrunk by the integer part of the affine's factor, and the remaining affine.

    The factor is at most the shorter side; in an image too long for OpenCV, at most each side's own
    length.
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
    """The sampled part of an image that is too long for OpenCV, and the affine from this part."""
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
    points: Float[np.ndarray, "*batch n 2"], turn: Float[np.ndarray, "*batch 2 2"]
) -> tuple[Float[np.ndarray, "*batch 2"], Float[np.ndarray, "*batch 2"]]:
    """Smallest and largest coordinates of points along the axes of a rotated frame.

    Args:
        turn: ``plane_rotation`` of the frame's x axis.
    """
    levelled = points @ turn
    return levelled.min(axis=-2), levelled.max(axis=-2)


@dataclass(frozen=True)
class Crop:
    """A square, rotated window in the image frame, or one for each image of a batch.

    Attributes:
        x, y: (...) float, its centre, px.
        side: (...) float, length of its sides, px.
        angle: (...) float, radians, from x (right) to y (down): the direction of the window's x
            axis.
    """

    x: float | Reals
    y: float | Reals
    side: float | Reals
    angle: float | Reals = 0.0

    def sample(self, image: Image, size: int) -> UInt8[np.ndarray, "s s 3"]:
        """The content of one window; outside the image, border pixels are repeated."""
        return _sample(image, self._centre_to_centre(size), size)

    def sample_each(self, images: Images, size: int) -> UInt8[np.ndarray, "n s s 3"]:
        """The content of the window of each image; see :meth:`sample`."""
        matrices = self._centre_to_centre(size)
        return np.stack([_sample(i, m, size) for i, m in zip(images, matrices, strict=True)])

    def to_image(
        self, points: Shaped[np.ndarray, "*shape n d"], size: int
    ) -> Float[np.ndarray, "*shape n d"]:
        """Points of the sampled windows in the image frame.

        Args:
            points: x, y and optionally z in pixels of the sampled window, from its top left corner.
            size: side of the sampled window, px.

        Returns:
            px, image frame; z is scaled like x and y.
        """
        planar = apply(self.image_from_crop(size), points[..., :2])
        scale = np.asarray(self.side)[..., None, None] / size
        return np.concatenate([planar, points[..., 2:] * scale], axis=-1)

    def image_from_crop(self, size: int) -> Float[np.ndarray, "*batch 2 3"]:
        """Affine from the sampled window to the image, with the origin at pixel corners."""
        turn, side = plane_rotation(self.angle), np.asarray(self.side)[..., None]
        offset = np.stack([self.x, self.y], axis=-1) - turn.sum(axis=-1) * side / 2
        return np.concatenate([turn * (side[..., None] / size), offset[..., None]], axis=-1)

    def _centre_to_centre(self, size: int) -> Float[np.ndarray, "*batch 2 3"]:
        matrix = self.image_from_crop(size)
        matrix[..., 2] += matrix[..., :2].sum(axis=-1) / 2 - 1 / 2
        return matrix


def _sample(image: np.ndarray, image_from_sample: np.ndarray, size: int) -> np.ndarray:
    return cv2.warpAffine(
        image,
        image_from_sample,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def crop_around(
    points: Float[np.ndarray, "*batch n 2"],
    scale: float,
    start: Shaped[np.ndarray, "*batch 2"],
    end: Shaped[np.ndarray, "*batch 2"],
) -> Crop:
    """The crop around points, rotated so that the line from ``start`` to ``end`` is level.

    Args:
        points: px, image frame.
        scale: side of the crop, relative to the longer side of the points' levelled bounding box.
        start, end: px, such as the subject's right and left eye.
    """
    along = end - start
    angle = np.arctan2(along[..., 1], along[..., 0])
    turn = plane_rotation(angle)
    low, high = levelled_box(points, turn)
    centre = (turn @ (low + high)[..., None] / 2)[..., 0]
    return Crop(centre[..., 0], centre[..., 1], scale * (high - low).max(axis=-1), angle)


def whole_crop(shape: tuple[int, int]) -> Crop:
    """The crop that contains a whole image of (height, width) px."""
    height, width = shape
    return Crop(width / 2, height / 2, float(max(height, width)))
