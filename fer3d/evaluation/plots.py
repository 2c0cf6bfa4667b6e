"""Data for ``dvc plots``, and the confusion matrix as a figure."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fer3d.evaluation.calibration import BINS, accuracy_at, reliability
from fer3d.evaluation.predictions import classes_of, confusion_of
from fer3d.files.atomic import write_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120


def write_confusion(predictions: pd.DataFrame, split: str, path: Path) -> None:
    """Write true and predicted class of each image, for DVC's ``confusion`` template.

    Args:
        predictions: returned by ``evaluate``.
        split: validation | test.
        path: CSV file to write.
    """
    rows = predictions[predictions["split"] == split]
    table = rows[["label", "predicted"]].rename(columns={"label": "actual"})
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def row_shares(confusion: np.ndarray) -> np.ndarray:
    """Rows divided by their sums, (C, C) float64; 0 for classes without images."""
    return confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)


def confusion_png(predictions: pd.DataFrame, split: str) -> bytes:
    """The confusion matrix of a split as PNG, in per cent of the true class.

    Args:
        predictions: returned by ``evaluate``.
        split: validation | test.
    """
    from matplotlib.figure import Figure

    classes = classes_of(predictions)
    shares = row_shares(confusion_of(predictions[predictions["split"] == split], classes))
    figure = Figure(figsize=(1.6 + 0.75 * len(classes), 1.3 + 0.7 * len(classes)), dpi=DPI)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    positions = range(len(classes))
    axes.set_xticks(positions, classes, rotation=45, ha="right")
    axes.set_yticks(positions, classes)
    axes.set(xlabel="predicted", ylabel="actual", title=f"Confusion, {split}")
    for i in positions:
        for j in positions:
            color = "white" if shares[i, j] > 0.5 else "black"
            axes.text(j, i, f"{100 * shares[i, j]:.1f}", ha="center", va="center", color=color)
    return png_bytes(figure)


def calibration_png(predictions: pd.DataFrame, split: str) -> bytes:
    """Reliability diagram and accuracy against coverage of a split as PNG.

    Args:
        predictions: returned by ``evaluate``.
        split: validation | test.
    """
    from matplotlib.figure import Figure

    rows = predictions[predictions["split"] == split]
    figure = Figure(figsize=(8.5, 3.8), dpi=DPI)
    reliability, coverage = figure.subplots(1, 2)
    _draw_reliability(reliability, rows)
    curve = accuracy_at(rows, classes_of(rows))
    coverage.plot(np.arange(1, len(curve) + 1) / len(curve), curve, color="tab:blue")
    coverage.set(xlabel="fraction of images, the most certain", ylabel="accuracy", ylim=(0, 1.02))
    return png_bytes(figure)


def _draw_reliability(axes: "Axes", rows: pd.DataFrame) -> None:
    """Accuracy of each bin of confidence; on the diagonal both are equal."""
    bins = reliability(rows, classes_of(rows))
    middle = (bins["low"] + bins["high"]) / 2
    axes.bar(middle, bins["right"] / bins["images"], 0.9 / BINS, color="tab:blue")
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--")
    axes.set(xlabel="confidence", ylabel="accuracy")


def png_bytes(figure: "Figure") -> bytes:
    """A figure as PNG, in bytes that do not depend on matplotlib's version string."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.tight_layout()
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()
