import numpy as np
import pytest

from fer3d.synthetic import draw
from fer3d.synthetic.action_units import ACTION_UNITS
from fer3d.synthetic.draw import PROTOTYPES, sample_action_units, sample_light, sample_pose


@pytest.mark.parametrize("label", PROTOTYPES)
def test_an_expression_shows_its_units_more_than_any_other(label):
    rng = np.random.default_rng(0)
    mean = np.mean([sample_action_units(rng, label) for _ in range(200)], axis=0)
    optional = {unit for unit, _, _ in draw.OPTIONAL.get(label, ())}
    own = [i for i, unit in enumerate(ACTION_UNITS) if unit in PROTOTYPES[label]]
    others = [
        i for i, unit in enumerate(ACTION_UNITS) if unit not in {*PROTOTYPES[label], *optional}
    ]
    assert mean[others].max() < 0.05
    assert all(mean[own] > 0.1)


def test_strengths_stay_between_none_and_the_peak():
    rng = np.random.default_rng(0)
    drawn = np.array([sample_action_units(rng, "surprise") for _ in range(200)])
    assert drawn.min() >= 0.0 and drawn.max() <= 1.0


def test_no_head_turns_further_than_allowed():
    rng = np.random.default_rng(0)
    yaws = [sample_pose(rng, 25.0).yaw for _ in range(300)]
    assert max(map(abs, yaws)) <= 25.0
    assert min(yaws) < -15.0 and max(yaws) > 15.0


def test_light_has_unit_length_and_comes_from_the_viewers_side():
    rng = np.random.default_rng(0)
    directions = np.array([sample_light(rng).direction for _ in range(100)])
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0)
    assert directions[:, 2].min() > 0.0
