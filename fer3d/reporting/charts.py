"""Charts of the pages: positions in SVG units, for the macro ``chart``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

WIDTH, HEIGHT = 360, 230  # SVG units
LEFT, RIGHT, TOP, BOTTOM = 50, 14, 10, 46  # margins; axis labels are in the left and bottom ones
MOST_TICKS = 5
GAP = 0.1  # between bars, as a share of their width


class Tick(NamedTuple):
    """A number on an axis, and where it stands."""

    position: float
    text: str


@dataclass(frozen=True)
class Line:
    """A curve.

    Attributes:
        name: in the legend; a curve without name is not in it.
        points: of an SVG polyline.
        style: class in the style sheet.
    """

    name: str
    points: str
    style: str


@dataclass(frozen=True)
class Bar:
    """An upright bar from the bottom of the plane to ``top``, with the ends of an interval."""

    left: float
    width: float
    top: float
    ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        title: heading.
        summary: what a reader who does not see the chart is told.
        x_label: below the x axis.
        y_label: beside the y axis.
        x_ticks: from left to right.
        y_ticks: from bottom to top.
        lines: curves.
        bars: drawn below the curves.
        mark: position of a vertical line.
    """

    title: str
    summary: str
    x_label: str
    y_label: str
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    lines: Sequence[Line] = ()
    bars: Sequence[Bar] = ()
    mark: float | None = None


@dataclass(frozen=True)
class Plane:
    """Maps values to SVG units; y points up in values and down in SVG.

    Attributes:
        x_range: values at the left and right end.
        y_range: values at the bottom and the top.
    """

    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.x_range
        return _units(LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low))

    def y(self, value: float) -> float:
        low, high = self.y_range
        return _units(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low))

    def line(self, xs: np.ndarray, ys: np.ndarray, *, name: str, style: str) -> Line:
        """A curve through the points whose y is finite."""
        pairs = zip(xs.tolist(), ys.tolist(), strict=True)
        points = [f"{self.x(x)},{self.y(y)}" for x, y in pairs if np.isfinite(y)]
        alone = points if len(points) == 1 else []  # a line of one point would not be drawn
        return Line(name, " ".join(points + alone), style)

    def bar(
        self, low: float, high: float, value: float, ends: tuple[float, float] | None = None
    ) -> Bar:
        """A bar between two values of x, a little narrower than that; ends of y's interval."""
        gap = GAP * (high - low)
        left, right = self.x(low + gap / 2), self.x(high - gap / 2)
        drawn = ends and (self.y(ends[0]), self.y(ends[1]))
        return Bar(left, _units(right - left), self.y(value), drawn)

    def x_ticks(self, values: Sequence[float]) -> list[Tick]:
        return [Tick(self.x(value), f"{value:g}") for value in values]

    def y_ticks(self, values: Sequence[float]) -> list[Tick]:
        return [Tick(self.y(value), f"{value:g}") for value in values]


def round_numbers(top: float) -> list[float]:
    """At most ``MOST_TICKS`` + 1 round numbers from 0 to ``top`` or just above it.

    Args:
        top: positive.
    """
    power = 10.0 ** np.floor(np.log10(top / MOST_TICKS))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if power * f * MOST_TICKS >= top * (1 - 1e-9))
    count = int(np.ceil(top / step - 1e-9))  # a multiple of the step may be just above it
    return [float(f"{step * i:.6g}") for i in range(count + 1)]


def whole_numbers(first: int, last: int) -> list[int]:
    """At most ``MOST_TICKS`` whole numbers from first to last."""
    return np.unique(np.linspace(first, last, MOST_TICKS).round()).astype(int).tolist()


def _units(value: float) -> float:
    return round(float(value), 1)
