"""Position and size of a face from the five points of a detector."""

import numpy as np
from jaxtyping import Float


def five_point_layout(
    points: Float[np.ndarray, "*batch 5 2"],
) -> tuple[
    Float[np.ndarray, "*batch 2"], Float[np.ndarray, "*batch 2"], Float[np.ndarray, "*batch"]
]:
    """Position and size of a face from five points.

    Args:
        points: (..., 5, 2) float, px, image frame: eyes, nose and corners of the mouth, left and
            right as seen.

    Returns:
        The midpoint of eyes and mouth (..., 2), the vector from eye to eye (..., 2), and the larger
        of the distances between the eyes and between eyes and mouth (...); px, float64.
    """
    right, left, _, *mouth = np.moveaxis(points.astype(np.float64), -2, 0)
    eyes, lips = (right + left) / 2, (mouth[0] + mouth[1]) / 2
    across = left - right
    unit = np.maximum(np.linalg.norm(across, axis=-1), np.linalg.norm(lips - eyes, axis=-1))
    return (eyes + lips) / 2, across, np.asarray(unit)
