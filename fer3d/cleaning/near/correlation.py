"""Whether two pictures show the same, a small shift apart: as a whole, and in their detail."""

import cv2
import numpy as np

SHIFT = 4  # px by which thumbnails of 48 px may be moved against each other, each way
DETAIL_SIGMA = 2.0  # px, of the Gaussian whose blurred picture is taken off: what is left is detail


def best_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """The largest correlation coefficient of two thumbnails moved against each other.

    The first without a border of 4 px is looked for in the second, at every shift by up to 4 px.

    Args:
        first, second: (48, 48) uint8 or float32, see ``fer3d.files.perceptual.thumbnail``.

    Returns:
        -1 .. 1; 0 where one of them is of one colour.
    """
    template = np.ascontiguousarray(first[SHIFT:-SHIFT, SHIFT:-SHIFT])
    if template.min() == template.max():  # no variance to divide by
        return 0.0
    scores = cv2.matchTemplate(second, template, cv2.TM_CCOEFF_NORMED)
    return float(np.nan_to_num(scores, posinf=0.0, neginf=0.0).max())


def detail(picture: np.ndarray) -> np.ndarray:
    """A thumbnail (48, 48) without its slow changes of brightness, float32.

    Portraits of different people have heads and backgrounds in the same places, but not edges.
    """
    values = picture.astype(np.float32)
    return values - cv2.GaussianBlur(values, (0, 0), DETAIL_SIGMA)
