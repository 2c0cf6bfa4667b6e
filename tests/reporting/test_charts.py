"""Positions in charts."""

import numpy as np
import pytest

from fer3d.reporting.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    MOST_TICKS,
    RIGHT,
    TOP,
    WIDTH,
    Plane,
    round_numbers,
    whole_numbers,
)


def test_the_corners_of_a_plane() -> None:
    plane = Plane((1, 5), (0, 2))
    assert (plane.x(1), plane.x(5)) == (LEFT, WIDTH - RIGHT)
    assert (plane.y(0), plane.y(2)) == (HEIGHT - BOTTOM, TOP)
    assert plane.y_ticks([0.5])[0].text == "0.5"


def test_a_line_leaves_out_what_is_not_finite_and_draws_a_single_point() -> None:
    plane = Plane((0, 1), (0, 1))
    line = plane.line(np.array([0.0, 0.5, 1]), np.array([0, np.nan, 1]), name="a", style="b")
    assert line.points.count(",") == 2
    alone = plane.line(np.array([0.5]), np.array([0.5]), name="a", style="b")
    assert len(set(alone.points.split())) == 1 and alone.points.count(",") == 2


def test_a_bar_stands_between_its_ends() -> None:
    plane = Plane((0, 1), (0, 1))
    bar = plane.bar(0.2, 0.4, 0.5, (0.3, 0.7))
    assert plane.x(0.2) < bar.left and bar.left + bar.width < plane.x(0.4)
    assert bar.ends == (plane.y(0.3), plane.y(0.7))
    assert plane.bar(0.2, 0.4, 0.5).ends is None


@pytest.mark.parametrize(
    ("top", "numbers"),
    [
        (1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.13, [0, 0.05, 0.1, 0.15]),
        (2.9, [0, 1, 2, 3]),
        (1016, [0, 250, 500, 750, 1000, 1250]),
        (7, [0, 2, 4, 6, 8]),
    ],
)
def test_round_numbers_cover_the_range(top: float, numbers: list[float]) -> None:
    assert round_numbers(top) == numbers


def test_there_are_few_round_numbers() -> None:
    for top in np.geomspace(1e-3, 1e6, 60):
        numbers = round_numbers(top)
        assert numbers[-2] < top <= numbers[-1] * (1 + 1e-6)
        assert len(numbers) <= MOST_TICKS + 1


def test_whole_numbers_are_not_repeated() -> None:
    assert whole_numbers(1, 3) == [1, 2, 3]
    assert whole_numbers(1, 101) == [1, 26, 51, 76, 101]
