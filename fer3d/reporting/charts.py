"""Charts and tables of the report page, as data for its template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

WIDTH, HEIGHT = 420, 220  # of a line chart, SVG units
MARGIN_LEFT, MARGIN_BOTTOM, MARGIN_TOP, MARGIN_RIGHT = 44, 26, 10, 10
TICKS = 5
SERIES = ("train", "validation")


@dataclass(frozen=True)
class LineChart:
    """A line chart.

    Attributes:
        title: heading.
        lines: {series: points of an SVG polyline}.
        y_ticks: (position, text).
        x_ticks: (position, text).
        mark: x position of the best epoch.
    """

    title: str
    lines: Mapping[str, str]
    y_ticks: Sequence[tuple[float, str]]
    x_ticks: Sequence[tuple[float, str]]
    mark: float


def learning_curve(curves: pd.DataFrame, name: str, title: str, best_epoch: int) -> LineChart:
    """The chart of one quantity over the epochs.

    Args:
        curves: learning curves with columns epoch, train_<name>, validation_<name>.
        name: loss, accuracy, class_accuracy or macro_f1.
        title: heading of the chart.
        best_epoch: epoch to mark, counted from 1.
    """
    epochs = curves["epoch"].to_numpy(dtype=float)
    values = {series: curves[f"{series}_{name}"].to_numpy(dtype=float) for series in SERIES}
    top = max(1.0, *(float(np.nanmax(line)) for line in values.values()))
    last = max(2.0, epochs.max())
    ticks = np.unique(np.linspace(1, last, TICKS).round())
    return LineChart(
        title=title,
        lines={series: _polyline(epochs, line, last, top) for series, line in values.items()},
        y_ticks=[(_y(value, top), f"{value:.2g}") for value in np.linspace(0, top, TICKS)],
        x_ticks=[(_x(epoch, last), f"{epoch:.0f}") for epoch in ticks],
        mark=_x(best_epoch, last),
    )


def class_counts(metrics: Mapping[str, Any]) -> list[tuple[str, dict[str, int]]]:
    """Images per class after each stage that changes them (as in the tables of paper B).

    Args:
        metrics: metrics by stage; stages may be missing.

    Returns:
        (title, {class: images}) in the order of the stages.
    """
    steps = [
        ("ingested", metrics.get("ingest", {}).get("per_class")),
        ("without copies", metrics.get("deduplicate", {}).get("after")),
        *((name, metrics.get("split", {}).get(name)) for name in ("train", "validation", "test")),
        ("train, balanced", metrics.get("balance", {}).get("after")),
    ]
    return [(title, dict(counts)) for title, counts in steps if counts]


@dataclass(frozen=True)
class MetricsTable:
    """A part of a metrics file as a table."""

    title: str
    header: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


def metrics_tables(metrics: Mapping[str, Any], title: str = "") -> list[MetricsTable]:
    """A nested metrics file as flat tables: {a: {b: {c: 1}}} becomes table a, row b, column c."""
    scalars = {name: value for name, value in metrics.items() if not isinstance(value, Mapping)}
    tables = []
    if scalars:
        rows = [(_words(name), [text(value)]) for name, value in scalars.items()]
        tables.append(MetricsTable(title, ["value"], rows))
    for name, value in metrics.items():
        if not isinstance(value, Mapping):
            continue
        inner_title = f"{title}: {_words(name)}" if title else _words(name)
        tables += (
            [_matrix(value, inner_title)]
            if _is_matrix(value)
            else metrics_tables(value, inner_title)
        )
    return tables


ACCURACY3D = {  # metrics by bin of the true yaw: title, and keys of the number in each bin
    "images_by_yaw": ("faces", ()),
    "vertex_error_percent": ("vertices, %", ()),
    "mesh_landmark_nme_percent": ("68 points of the mesh, %", ()),
    "landmark_nme_percent": ("68 points for the landmark branch, %", ()),
    "rotation_deg": ("rotation, median, degrees", ("median",)),
    "visibility_iou": ("visibility, IoU", ()),
}


def accuracy3d_table(metrics: Mapping[str, Any]) -> MetricsTable | None:
    """Errors of the 3D faces by true yaw; None if the images have no ground truth.

    Args:
        metrics: metrics of the stage accuracy3d.
    """
    known = {name: metrics[name] for name in ACCURACY3D if name in metrics}
    if "images_by_yaw" not in known:
        return None
    rows = [
        (f"{bin_}°", [text(_inner(known[key][bin_], ACCURACY3D[key][1])) for key in known])
        for bin_ in known["images_by_yaw"]
    ]
    return MetricsTable("", [ACCURACY3D[name][0] for name in known], rows)


def _inner(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = value[name]
    return value


def text(value: object) -> str:
    """A metrics value as text for the page."""
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _is_matrix(value: Mapping[str, Any]) -> bool:
    """Whether it is {row: {column: number}} with the same columns in every row."""
    rows = list(value.values())
    return (
        bool(rows)
        and all(isinstance(row, Mapping) and list(row) == list(rows[0]) for row in rows)
        and not any(isinstance(cell, Mapping) for row in rows for cell in row.values())
    )


def _matrix(value: Mapping[str, Any], title: str) -> MetricsTable:
    header = list(next(iter(value.values())))
    rows = [(name, [text(cell) for cell in row.values()]) for name, row in value.items()]
    return MetricsTable(title, [_words(name) for name in header], rows)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _polyline(epochs: np.ndarray, values: np.ndarray, last: float, top: float) -> str:
    pairs = zip(epochs, values, strict=True)
    return " ".join(f"{_x(x, last):.1f},{_y(y, top):.1f}" for x, y in pairs if np.isfinite(y))


def _x(epoch: float, last: float) -> float:
    span = WIDTH - MARGIN_LEFT - MARGIN_RIGHT
    return round(float(MARGIN_LEFT + span * (epoch - 1) / (last - 1)), 1)


def _y(value: float, top: float) -> float:
    span = HEIGHT - MARGIN_TOP - MARGIN_BOTTOM
    return round(float(HEIGHT - MARGIN_BOTTOM - span * value / top), 1)
