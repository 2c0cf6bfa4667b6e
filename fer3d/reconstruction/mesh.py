"""The output of a reconstruction network."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Mesh:
    """A face found in an image.

    Attributes:
        vertices: (V, 3) float64, px, image frame; the origin of z is not specified by the network.
        landmarks: (68, 3) float64, the 68 points of iBUG 300-W in the same frame.
        presence: confidence that there is a face, 0 to 1.
        features: (2, F) float32, of the network, of a crop around the face and of a mirrored one;
            None from a network without such features.
    """

    vertices: Float[np.ndarray, "v 3"]
    landmarks: Float[np.ndarray, "68 3"]
    presence: float
    features: Float[np.ndarray, "2 f"] | None = None
