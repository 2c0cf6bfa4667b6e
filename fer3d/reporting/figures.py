"""The charts of the report: learning curves, reliability, risk and coverage."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fer3d.evaluation.calibration import accuracy_at, reliability
from fer3d.evaluation.intervals import proportion_interval
from fer3d.evaluation.predictions import classes_of
from fer3d.files.manifest import TRAIN, VALIDATION
from fer3d.reporting.charts import Chart, Plane, round_numbers, whole_numbers
from fer3d.reporting.page_tables import Table, row

CURVES = {"loss": "Loss", "accuracy": "Accuracy", "macro_f1": "Macro F1"}
SERIES = (TRAIN, VALIDATION)
MOST_POINTS = 200  # of a curve
COVERAGES = np.arange(1, 11) / 10  # of the table


def learning_curve(curves: pd.DataFrame, name: str, title: str, best_epoch: int) -> Chart:
    """The chart of one quantity over the epochs.

    Args:
        curves: learning curves with columns epoch, train_<name>, validation_<name>.
        name: loss, accuracy, class_accuracy or macro_f1.
        title: heading of the chart.
        best_epoch: epoch to mark, counted from 1.
    """
    epochs = curves["epoch"].to_numpy(dtype=float)
    values = {series: curves[f"{series}_{name}"].to_numpy(dtype=float) for series in SERIES}
    y_ticks = round_numbers(max(1.0, *(float(np.nanmax(line)) for line in values.values())))
    last = max(2, int(epochs.max()))
    plane = Plane((1, last), (0, y_ticks[-1]))
    at_best = values[VALIDATION][epochs == best_epoch]
    return Chart(
        title=title,
        summary=f"{title} by epoch, training and validation"
        + "".join(f"; validation at epoch {best_epoch}: {value:.3f}" for value in at_best),
        x_label="epoch",
        y_label=title.lower() if name == "loss" else title,
        x_ticks=plane.x_ticks(whole_numbers(1, last)),
        y_ticks=plane.y_ticks(y_ticks),
        lines=[plane.line(epochs, values[s], name=s, style=s) for s in SERIES],
        mark=plane.x(best_epoch),
    )


def curves_table(curves: pd.DataFrame) -> Table:
    """The learning curves as a table, one row an epoch."""
    names = [f"{series}_{name}" for name in CURVES for series in SERIES]
    header = [f"{name.replace('_', ' ')}, {series}" for name in CURVES for series in SERIES]
    rows = [
        row(f"{epoch:.0f}", [f"{value:.4f}" for value in values])
        for epoch, *values in curves[["epoch", *names]].itertuples(index=False)
    ]
    return Table("Learning curves", ["epoch", *header], rows)


def reliability_chart(predictions: pd.DataFrame, split: str) -> Chart:
    """Accuracy of the predictions of each bin of confidence, with intervals.

    Args:
        predictions: of one split, not empty.
        split: its name.

    Source: DeGroot and Fienberg 1983; Guo et al. 2017, figure 1.
    """
    plane = Plane((0, 1), (0, 1))
    ticks = round_numbers(1)
    bars = [
        plane.bar(low, high, right / images, proportion_interval(right, images))
        for low, high, images, right, _ in _bins(predictions)
    ]
    diagonal = plane.line(np.array([0, 1]), np.array([0, 1]), name="perfect", style="ideal")
    return Chart(
        title=f"Reliability, {split}",
        summary="Accuracy of the answers in each bin of confidence, with 95 % intervals",
        x_label="confidence",
        y_label="accuracy",
        x_ticks=plane.x_ticks(ticks),
        y_ticks=plane.y_ticks(ticks),
        lines=[diagonal],
        bars=bars,
    )


def confidence_chart(predictions: pd.DataFrame, split: str) -> Chart:
    """Number of images in each bin of confidence.

    Args:
        predictions: of one split, not empty.
        split: its name.
    """
    bins = _bins(predictions)
    y_ticks = round_numbers(max(images for _, _, images, _, _ in bins))
    plane = Plane((0, 1), (0, y_ticks[-1]))
    return Chart(
        title=f"Confidence, {split}",
        summary="Number of images in each bin of confidence",
        x_label="confidence",
        y_label="images",
        x_ticks=plane.x_ticks(round_numbers(1)),
        y_ticks=plane.y_ticks(y_ticks),
        bars=[plane.bar(low, high, images) for low, high, images, _, _ in bins],
    )


def reliability_table(predictions: pd.DataFrame, split: str) -> Table:
    """The values of ``reliability_chart``."""
    rows = []
    for low, high, images, right, confidence in _bins(predictions):
        ends = proportion_interval(right, images)
        cells = [f"{images:,}", f"{confidence:.3f}", f"{right / images:.3f}"]
        rows.append(row(f"{low:.2f} to {high:.2f}", [*cells, f"{ends[0]:.3f} to {ends[1]:.3f}"]))
    header = ["confidence", "images", "mean confidence", "accuracy", "95 % interval"]
    return Table(f"Reliability, {split}", header, rows)


def coverage_chart(by_split: Mapping[str, pd.DataFrame]) -> Chart:
    """Risk against coverage: the error rate of the most certain images.

    Args:
        by_split: predictions of each split, none empty.

    Source: El-Yaniv and Wiener 2010, On the foundations of noise-free selective classification.
    """
    risks = {split: 1 - accuracy_at(part, classes_of(part)) for split, part in by_split.items()}
    y_ticks = round_numbers(max(0.05, *(float(risk.max()) for risk in risks.values())))
    plane = Plane((0, 1), (0, y_ticks[-1]))
    lines = []
    for split, risk in risks.items():
        chosen = _spread(len(risk))
        lines.append(plane.line((chosen + 1) / len(risk), risk[chosen], name=split, style=split))
    whole = ", ".join(f"{split} {risk[-1]:.3f}" for split, risk in risks.items())
    return Chart(
        title="Risk and coverage",
        summary=f"Error rate of the most certain images by their share; of all images: {whole}",
        x_label="coverage: share of images, the most certain",
        y_label="risk: error rate",
        x_ticks=plane.x_ticks(round_numbers(1)),
        y_ticks=plane.y_ticks(y_ticks),
        lines=lines,
    )


def coverage_table(by_split: Mapping[str, pd.DataFrame]) -> Table:
    """Values of ``coverage_chart``."""
    risks = {split: 1 - accuracy_at(part, classes_of(part)) for split, part in by_split.items()}
    rows = []
    for coverage in COVERAGES:
        rows.append(row(f"{coverage:.1f}", [_at(risk, coverage) for risk in risks.values()]))
    return Table("Risk by coverage", ["coverage", *(f"risk, {split}" for split in risks)], rows)


def _bins(predictions: pd.DataFrame) -> list[tuple[float, float, int, int, float]]:
    """See ``reliability``: low, high, images, right, confidence."""
    table = reliability(predictions, classes_of(predictions))
    return [tuple(values) for values in table.itertuples(index=False)]


def _at(risk: np.ndarray, coverage: float) -> str:
    return f"{risk[max(round(coverage * len(risk)), 1) - 1]:.3f}"


def _spread(count: int) -> np.ndarray:
    """At most ``MOST_POINTS`` of count indices, with the first and the last."""
    return np.unique(np.linspace(0, count - 1, MOST_POINTS).round().astype(int))
