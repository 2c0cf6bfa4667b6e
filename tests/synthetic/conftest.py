import numpy as np
import pytest

from fer3d.synthetic.action_units import ACTION_UNITS
from fer3d.synthetic.identity import IDENTITY_MODES
from fer3d.synthetic.model import load_model


@pytest.fixture(scope="session")
def model(assets_dir):
    return load_model(assets_dir)


@pytest.fixture(scope="session")
def nobody():
    """The identity without any deviation from the reference face."""
    return np.zeros(len(IDENTITY_MODES))


@pytest.fixture(scope="session")
def units():
    """Strengths of action units by number: units({12: 1.0})."""

    def make(strengths):
        return np.array([strengths.get(unit, 0.0) for unit in ACTION_UNITS])

    return make
