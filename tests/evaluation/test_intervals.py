"""Intervals of proportions."""

import pytest

from fer3d.evaluation.intervals import proportion_interval


def test_wilsons_interval_of_half_of_hundred() -> None:
    assert proportion_interval(50, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)


def test_the_interval_of_no_hit_starts_at_zero() -> None:
    low, high = proportion_interval(0, 10)
    assert low == 0 and 0.25 < high < 0.35
