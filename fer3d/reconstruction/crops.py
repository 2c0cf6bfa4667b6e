"""Position and size of a face from the five points of a detector."""

import numpy as np
from jaxtyping import Float

from fer3d.geometry.typing import FivePoints


def five_point_layout(
    points: FivePoints,
) -> tuple[Float[np.ndarray, "2"], Float[np.ndarray, "2"], float]:
    """Position and size of a face from five points.

    Args:
        points: (5, 2) float, px, image frame: eyes, nose and corners of the mouth, left and right
            as seen.

    Returns:
        The midpoint of eyes and mouth (2,), the vector from eye to eye (2,), and the larger of the
        distances between the eyes and between eyes and mouth; px, float64.
    """
    right, left, _, *mouth = points.astype(np.float64)
    eyes, lips = (right + left) / 2, np.mean(mouth, axis=0)
    across = left - right
    unit = float(max(np.linalg.norm(across), np.linalg.norm(lips - eyes)))
    return (eyes + lips) / 2, across, unit
