"""What a reconstruction network finds in an image."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Mesh:
    """A face found in an image.

    Attributes:
        vertices: (V, 3) float64, px, image frame; where z is zero is the network's own affair.
        landmarks: (68, 3) float64, the 68 points of iBUG 300-W in the same frame.
        presence: 0..1, the belief that there is a face.
    """

    vertices: Float[np.ndarray, "v 3"]
    landmarks: Float[np.ndarray, "68 3"]
    presence: float
