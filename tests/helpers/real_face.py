"""One real face, as after alignment."""

import numpy as np
import pytest

from fer3d.files.images import resize

EYES_NOSE_MOUTH = np.array([[41, 39], [65, 41], [53, 55], [39, 61], [64, 62]], np.float32)


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """(100, 100, 3) uint8: a woman who smiles into the camera (NASA, public domain)."""
    import skimage.data

    return resize(np.ascontiguousarray(skimage.data.astronaut()[30:210, 130:310]), 100, 100)


@pytest.fixture(scope="session")
def points() -> np.ndarray:
    """(5, 2) float32, px: eyes, nose, corners of the mouth, left and right as seen."""
    return EYES_NOSE_MOUTH
