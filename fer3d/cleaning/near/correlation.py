"""Correlation of thumbnails under small shifts."""

import cv2
import numpy as np

SHIFT = 4  # px, largest shift between thumbnails of 48 px, in each direction
DETAIL_SIGMA = 2.0  # px, standard deviation of the Gaussian of the high-pass filter


def best_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """The largest correlation coefficient of two thumbnails over all shifts.

    The first, without a border of ``SHIFT`` px, is matched with the second at every position.

    Args:
        first, second: (48, 48) uint8 or float32, see ``fer3d.files.perceptual.thumbnail``.

    Returns:
        -1 .. 1; 0 if one of them is constant.
    """
    template = np.ascontiguousarray(first[SHIFT:-SHIFT, SHIFT:-SHIFT])
    if template.min() == template.max():  # zero variance
        return 0.0
    scores = cv2.matchTemplate(second, template, cv2.TM_CCOEFF_NORMED)
    return float(np.nan_to_num(scores, posinf=0.0, neginf=0.0).max())


def detail(picture: np.ndarray) -> np.ndarray:
    """The high frequencies of a thumbnail, (48, 48) float32: the difference to its Gaussian blur.

    Portraits of different people have heads and backgrounds in the same places, but not edges.
    """
    values = picture.astype(np.float32)
    return values - cv2.GaussianBlur(values, (0, 0), DETAIL_SIGMA)
