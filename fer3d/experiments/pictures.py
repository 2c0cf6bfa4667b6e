"""Figures: accuracy of each configuration, gain by yaw, and accuracy against time per image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fer3d.evaluation.plots import DPI, png_bytes
from fer3d.experiments.cells import BRANCHES, TITLES, Configuration, own
from fer3d.experiments.comparisons import whole_against_base, whole_title
from fer3d.experiments.groups import Group, yaw_names
from fer3d.experiments.paper_tables import Scores
from fer3d.experiments.results import Bootstrap, CellResults
from fer3d.experiments.seconds import MS
from fer3d.experiments.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"cross_entropy": "#2463c4", "focal": "#c2701c"}
MARKERS = {"recommended": "o", "photos": "^", "paper": "s"}  # by preset
OURS_COLOUR, MODEL_COLOUR = "#2463c4", "#7a7a7a"
SHIFT = 0.14  # between points of the same branches, in units of the axis


def accuracy_png(scores: Scores) -> bytes:
    """Accuracy of each configuration with its interval, as PNG.

    Args:
        scores: returned by ``paper_tables.score_all``.
    """
    figure, axes = _figure((7.2, 4.2))
    trainings = list(dict.fromkeys((c.preset, c.loss) for c in own(scores)))
    names = [name for name in BRANCHES if any(c.branches == name for c in own(scores))]
    for number, (preset, loss) in enumerate(trainings):
        shift = (number - (len(trainings) - 1) / 2) * SHIFT
        chosen = [scores[Configuration(preset, name, loss)][0] for name in names]
        _points(
            axes,
            np.arange(len(names)) + shift,
            [score.spread.mean for score in chosen],
            [score.interval for score in chosen],
            label=f"{TITLES[loss]}, {preset}",
            color=COLOURS[loss],
            marker=MARKERS[preset],
        )
    axes.set_xticks(range(len(names)), [TITLES[name] for name in names])
    axes.set(ylabel="accuracy on test images, %", title="Accuracy, 95 % intervals")
    axes.legend(frameon=False)
    return png_bytes(figure)


def yaw_png(results: CellResults, found: Sequence[Group], bootstrap: Bootstrap) -> bytes:
    """Whole minus Base by bin of yaw, for each preset and loss, as PNG."""
    figure, axes = _figure((7.2, 4.2))
    bins = [group for name in yaw_names() for group in found if group.name == name]
    trainings = whole_against_base(results)
    for number, pair in enumerate(trainings):
        shift = (number - (len(trainings) - 1) / 2) * SHIFT
        differences = [results.difference(*pair, bootstrap, group.rows) for group in bins]
        preset, loss = pair[0].preset, pair[0].loss
        _points(
            axes,
            np.arange(len(bins)) + shift,
            [difference.value for difference in differences],
            [difference.interval for difference in differences],
            label=f"{TITLES[loss]}, {preset}",
            color=COLOURS[loss],
            marker=MARKERS[preset],
        )
    axes.axhline(0, color="grey", linewidth=0.8)
    labels = [f"{group.name}\n{int(group.rows.sum()):,} images" for group in bins]
    axes.set_xticks(range(len(bins)), labels)
    axes.set(
        xlabel="turn of the head to either side",
        ylabel=f"{whole_title(trainings)} − Base, points of accuracy",  # noqa: RUF001
        title="What the other branches add, 95 % intervals",
    )
    axes.legend(frameon=False)
    return png_bytes(figure)


@dataclass(frozen=True)
class SpeedPoint:
    """A model in the figure of accuracy against time.

    Attributes:
        title: of the model.
        seconds: per image, with preprocessing.
        accuracy: 0 .. 1, mean over seeds.
        interval: of the accuracy.
        ours: whether it is our network.
    """

    title: str
    seconds: float
    accuracy: float
    interval: Interval
    ours: bool


def speed_png(points: Sequence[SpeedPoint]) -> bytes:
    """Accuracy of each model with its interval against milliseconds per image, as PNG."""
    figure, axes = _figure((7.2, 4.2))
    for point in points:
        colour = OURS_COLOUR if point.ours else MODEL_COLOUR
        where = np.array([MS * point.seconds])
        _points(axes, where, [point.accuracy], [point.interval], color=colour, marker="o")
        place = (float(where[0]), 100 * point.accuracy)
        shift, side = (5, "left") if point.ours else (-5, "right")  # ours to the right
        axes.annotate(
            point.title, place, (shift, 3), textcoords="offset points", fontsize=8, ha=side
        )
    axes.set_xscale("log", subs=[2, 5])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.set(
        xlabel="milliseconds per image, with preprocessing",
        ylabel="accuracy on test images, %",
        title="Accuracy against time, 95 % intervals",
    )
    return png_bytes(figure)


def _figure(size: tuple[float, float]) -> tuple["Figure", "Axes"]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=DPI)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    return figure, axes


def _points(
    axes: "Axes",
    positions: np.ndarray,
    means: Sequence[float],
    intervals: Sequence[Interval],
    **style: Any,
) -> None:
    centre = 100 * np.asarray(means)
    ends = 100 * np.array([(interval.low, interval.high) for interval in intervals])
    # a percentile interval may barely exclude the mean
    below, above = np.maximum(centre - ends[:, 0], 0), np.maximum(ends[:, 1] - centre, 0)
    axes.errorbar(positions, centre, np.stack([below, above]), linestyle="", capsize=3, **style)
