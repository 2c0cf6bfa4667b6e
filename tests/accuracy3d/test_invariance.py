"""Invariance to pose and light: cases with known results."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from fer3d.accuracy3d.invariance import (
    EXPRESSIONS,
    FRONT,
    LIGHTS,
    PITCHES,
    YAWS,
    MaskedView,
    invariance,
    light_of,
    measure_views,
)
from fer3d.errors import UserError
from fer3d.machine.settings import Settings


@pytest.fixture
def local() -> Settings:
    return Settings(workers=1, store="none")


def test_the_front_is_lit_from_the_front_and_all_lights_are_used():
    assert light_of(*FRONT).direction[0] == pytest.approx(0)
    lights = {light_of(i, j).direction for i in range(4) for j in range(5)}
    assert len(lights) == len(LIGHTS)
    assert np.allclose([np.linalg.norm(light) for light in lights], 1)


def test_no_people_no_numbers(pipeline, local):
    nothing = invariance(0, 0, pipeline, local)
    assert nothing["pictures"] == 0 and nothing["sensitivity_gain"] is None


def test_correlation_and_sensitivity_of_known_pictures():
    """Uncorrelated expressions; at yaw 45, three quarters of both are equal."""
    first, second, drift = np.eye(4)[:3] - 0.25
    drift -= (drift @ first) / (first @ first) * first  # orthogonal patterns of equal size
    second -= (second @ first) / (first @ first) * first
    drift -= (drift @ second) / (second @ second) * second
    patterns = [pattern / np.linalg.norm(pattern) for pattern in (first, second, drift)]
    views = {}
    for (name, pattern), (i, yaw), j in product(
        zip(EXPRESSIONS[:2], patterns, strict=False), enumerate(YAWS), range(len(PITCHES))
    ):
        picture = pattern + np.sqrt(3) * patterns[2] * (yaw == 45)
        views[name, i, j] = MaskedView({"photo": picture}, {"photo": np.ones(4, bool)})
    found = measure_views([views], "photo")
    assert found["correlation"] == {"0": 1.0, "15": 1.0, "30": 1.0, "45": 0.5}
    assert found["correlation_to_30"] == 1.0
    assert found["correlation_by_pitch"]["10"] == 0.875
    assert found["sensitivity"] == pytest.approx((1 - 0.75 / 4) / (0.5 * 5 / 19), abs=1e-3)


def test_pictures_without_common_pixels_do_not_count():
    shown, hidden = np.ones(4, bool), np.zeros(4, bool)
    poses = list(product(range(len(YAWS)), range(len(PITCHES))))
    rng = np.random.default_rng(0)
    views = {
        (name, i, j): MaskedView({"photo": rng.normal(size=4)}, {"photo": shown})
        for name, (i, j) in product(EXPRESSIONS[:2], poses)
    }
    whole = measure_views([views], "photo")
    pictures = views[EXPRESSIONS[0], 1, 1].pictures
    partly = views | {(EXPRESSIONS[0], 1, 1): MaskedView(pictures, {"photo": hidden})}
    assert whole["sensitivity"] and measure_views([partly], "photo")["sensitivity"]
    sideways = {key: view for key, view in views.items() if key[1:] != FRONT}
    assert measure_views([sideways], "photo")["sensitivity"] is None


def test_faces_of_other_vertices_have_no_truth(pipeline, local):
    reconstructor = pipeline.reconstructor
    prnet = reconstructor.params.model_copy(update={"backend": "prnet"})
    other = replace(pipeline, reconstructor=replace(reconstructor, params=prnet))
    with pytest.raises(UserError, match="only for facemesh's vertices"):
        invariance(1, 0, other, local)
