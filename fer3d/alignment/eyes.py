"""Affines from a source image to its aligned image, with level eyes (paper B, section 5; paper A,
section 4).
"""

import numpy as np

from fer3d.geometry import affine

LEFT_EYE, RIGHT_EYE = 0, 1  # rows of a face's points, as seen in the image

_MIN_EYE_DISTANCE = 1e-6  # px; the direction of closer eyes is undefined


def tilt(points: np.ndarray) -> np.ndarray:
    """Angle of the line from left to right eye, radians, positive if the right eye is lower.

    Args:
        points: (…, 5, 2) px, image frame.

    Returns:
        (…,) float64 in [-pi, pi]; 0 if the eyes coincide or are unknown (NaN).
    """
    line = np.asarray(points, np.float64)[..., RIGHT_EYE, :] - points[..., LEFT_EYE, :]
    known = np.linalg.norm(line, axis=-1) > _MIN_EYE_DISTANCE
    return np.where(known, np.arctan2(line[..., 1], line[..., 0]), 0.0)


def level(points: np.ndarray) -> np.ndarray:
    """Affine (…, 2, 3) that rotates the image about the midpoint of the eyes until they are level.

    Args:
        points: (…, 5, 2) px, image frame; no rotation if the eyes are unknown (NaN).
    """
    middle = np.asarray(points, np.float64)[..., [LEFT_EYE, RIGHT_EYE], :].mean(axis=-2)
    return affine.rotation(tilt(points), np.nan_to_num(middle))


def face_crop(
    box: np.ndarray, points: np.ndarray, height: int, width: int, size: int, crop: float | None
) -> np.ndarray:
    """Affine (2, 3) from an image to its aligned image: eyes levelled, then cropped and resized.

    Args:
        box: (4,) x, y, width, height of the face, px.
        points: (5, 2) px; no rotation if the eyes are unknown (NaN).
        height: of the image, px.
        width: of the image, px.
        size: side of the aligned image, px.
        crop: side of the square around the box's centre, relative to the box's mean side; None
            keeps the whole image, rotated.
    """
    levelled = level(points)
    if crop is None:
        return affine.compose(affine.whole_image(height, width, size), levelled)
    (centre,) = affine.apply(levelled, affine.centre_of(box)[None])
    side = crop * float(box[2:].mean())
    return affine.compose(affine.window(centre - side / 2, side, size), levelled)
