"""Where a detector's five points say that a face is."""

import numpy as np
from jaxtyping import Float

from fer3d.geometry.typing import FivePoints


def five_point_layout(
    points: FivePoints,
) -> tuple[Float[np.ndarray, "2"], Float[np.ndarray, "2"], float]:
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
    unit = float(max(np.linalg.norm(across), np.linalg.norm(lips - eyes)))
    return (eyes + lips) / 2, across, unit
