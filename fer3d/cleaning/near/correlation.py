"""Correlation of thumbnails under small shifts and changes of scale."""

import cv2
import numpy as np

SHIFT = 12  # of the side: the largest shift, in each direction, is side / SHIFT; 4 px of 48
SCALES = (1.0, 0.97, 1.03, 0.94, 1.06)  # of the second thumbnail, in the comparison of details
DETAIL_SIGMA = 2.0  # px, standard deviation of the Gaussian of the high-pass filter


def best_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """The largest correlation coefficient of two thumbnails over all shifts.

    The first, without a border of the largest shift, is matched with the second at every position.

    Args:
        first, second: (S, S) uint8 or float32, see ``fer3d.files.perceptual.thumbnail``.

    Returns:
        -1 .. 1; 0 if one of them is constant.
    """
    border = len(first) // SHIFT
    template = np.ascontiguousarray(first[border:-border, border:-border])
    if template.min() == template.max():  # zero variance
        return 0.0
    scores = cv2.matchTemplate(second, template, cv2.TM_CCOEFF_NORMED)
    return float(np.nan_to_num(scores, posinf=0.0, neginf=0.0).max())


def detail_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """``best_correlation`` of the high frequencies, and over all ``SCALES``.

    Portraits of different people have heads and backgrounds in the same places, but not edges. The
    edges of a copy that was cropped anew agree only at the right scale.

    Args:
        first, second: (S, S) uint8.
    """
    template = _detail(first)
    return max(best_correlation(template, _detail(_scaled(second, scale))) for scale in SCALES)


def _detail(picture: np.ndarray) -> np.ndarray:
    """The difference of a thumbnail to its Gaussian blur, float32."""
    values = picture.astype(np.float32)
    return values - cv2.GaussianBlur(values, (0, 0), DETAIL_SIGMA)


def _scaled(picture: np.ndarray, scale: float) -> np.ndarray:
    """The thumbnail, larger or smaller by a factor about its centre; its border is continued."""
    side = len(picture)
    affine = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), 0, scale)
    return cv2.warpAffine(picture, affine, (side, side), borderMode=cv2.BORDER_REPLICATE)
