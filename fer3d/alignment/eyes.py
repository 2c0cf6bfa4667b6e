"""Eyes levelled: the affine from a source image to its aligned image, and the one warp that
follows it (paper B, section 5; paper A, section 4).

Affines are (2, 3) matrices of the image frame, whose origin is the outer corner of the top left
pixel: ``aligned = A[:, :2] @ source + A[:, 2]``. ``invert`` leads back to the source image.
"""

import cv2
import numpy as np

LEFT_EYE, RIGHT_EYE = 0, 1  # rows of a face's points, as seen in the image

_MIN_EYE_DISTANCE = 1e-6  # px: nearer eyes have no direction


def tilt(points: np.ndarray) -> np.ndarray:
    """Angle of the line from left to right eye, radians, positive when the right eye is lower.

    Args:
        points: (…, 5, 2) px, image frame.

    Returns:
        (…,) float64 in [-pi, pi]; 0 where the eyes coincide or are not known (NaN).
    """
    line = np.asarray(points, np.float64)[..., RIGHT_EYE, :] - points[..., LEFT_EYE, :]
    known = np.linalg.norm(line, axis=-1) > _MIN_EYE_DISTANCE
    return np.where(known, np.arctan2(line[..., 1], line[..., 0]), 0.0)


def rotation(angle: float | np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Affine (…, 2, 3) that turns by ``-angle`` radians (…,) about ``centre`` (…, 2)."""
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)
    shift = centre - np.einsum("...ij,...j->...i", turn, centre)
    return np.concatenate([turn, shift[..., None]], axis=-1)


def level(points: np.ndarray) -> np.ndarray:
    """Affine (…, 2, 3) that turns the image about the middle of the eyes until they are level.

    Args:
        points: (…, 5, 2) px, image frame; with unknown eyes (NaN) nothing turns.
    """
    middle = np.asarray(points, np.float64)[..., [LEFT_EYE, RIGHT_EYE], :].mean(axis=-2)
    return rotation(tilt(points), np.nan_to_num(middle))


def window(corner: np.ndarray, side: float, size: int) -> np.ndarray:
    """Affine (2, 3) that takes the square at ``corner`` (2,) of ``side`` px to ``size`` px."""
    scale = size / side
    return np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])


def compose(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The affine (…, 2, 3) of ``first``, then ``second``."""
    linear = second[..., :2] @ first[..., :2]
    shift = second[..., :2] @ first[..., 2:] + second[..., 2:]
    return np.concatenate([linear, shift], axis=-1)


def invert(affine: np.ndarray) -> np.ndarray:
    """The affine (…, 2, 3) that undoes this one."""
    linear = np.linalg.inv(affine[..., :2])
    return np.concatenate([linear, -linear @ affine[..., 2:]], axis=-1)


def apply(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (…, n, 2) moved by an affine (…, 2, 3)."""
    return points @ np.swapaxes(affine[..., :2], -1, -2) + affine[..., None, :, 2]


def whole_image(height: int, width: int, size: int) -> np.ndarray:
    """Affine (2, 3) of an image that is kept whole: fitted into the square, centred."""
    side = max(height, width)
    return window(np.array([width - side, height - side]) / 2, side, size)


def face_crop(
    box: np.ndarray, points: np.ndarray, height: int, width: int, size: int, crop: float | None
) -> np.ndarray:
    """Affine (2, 3) from an image to its aligned image: eyes levelled, then cropped and resized.

    Args:
        box: (4,) x, y, width, height of the face, px.
        points: (5, 2) px; with unknown eyes (NaN) nothing turns.
        height: of the image, px.
        width: of the image, px.
        size: side of the aligned image, px.
        crop: side of the square about the box's centre, in units of the box's mean side;
            None keeps the whole image, turned.
    """
    levelled = level(points)
    if crop is None:
        return compose(whole_image(height, width, size), levelled)
    centre = apply(levelled, (box[:2] + box[2:] / 2)[None].astype(np.float64))[0]
    side = crop * float(box[2:].mean())
    return compose(window(centre - side / 2, side, size), levelled)


def move_box(affine: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Box (4,) x, y, width, height about the moved centre, scaled but not turned."""
    centre = apply(affine, (box[:2] + box[2:] / 2)[None].astype(np.float64))[0]
    size = box[2:] * np.sqrt(np.abs(np.linalg.det(affine[:, :2])))
    return np.concatenate([centre - size / 2, size])


def warp(image: np.ndarray, affine: np.ndarray, size: int) -> np.ndarray:
    """Resample an image through an affine; outside, the border's pixels go on.

    A strongly shrinking affine takes the mean over areas first, so that large photos do not alias.

    Args:
        image: (H, W, 3) uint8.
        affine: (2, 3), aligned from image.
        size: side of the result, px.

    Returns:
        (size, size, 3) uint8.
    """
    image, affine = _reduced(image, affine)
    half = np.array([[1, 0, 0.5], [0, 1, 0.5]])  # OpenCV puts the origin in a pixel's centre
    centred = compose(invert(half), compose(affine, half))
    return cv2.warpAffine(
        image, centred, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _reduced(image: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The image shrunk by the whole factor that the affine shrinks by, and the affine left over."""
    shrinks = 1 / np.sqrt(np.abs(np.linalg.det(affine[:, :2])))
    factor = int(min(shrinks, *image.shape[:2]))
    if factor < 2:
        return image, affine
    height, width = (-(-side // factor) for side in image.shape[:2])
    padded = cv2.copyMakeBorder(
        image,
        0, height * factor - image.shape[0], 0, width * factor - image.shape[1],
        cv2.BORDER_REPLICATE,
    )  # fmt: skip
    small = cv2.resize(padded, (width, height), interpolation=cv2.INTER_AREA)
    grow = np.array([[factor, 0, 0], [0, factor, 0]], np.float64)
    return small, compose(affine, grow)
