"""An HTML page about a run, self-contained, with all images embedded."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.evaluation.plots import calibration_png, row_shares
from fer3d.evaluation.predictions import classes_of, confusion_of
from fer3d.evaluation.tables import read_metrics
from fer3d.files.atomic import write_bytes, write_text
from fer3d.files.images import encode_png
from fer3d.files.manifest import TEST
from fer3d.reporting import charts
from fer3d.reporting.params import ReportParams
from fer3d.reporting.samples import SampleSources, failure_sheets, overview_sheet, sample_sheets
from fer3d.reporting.templates import data_url, template

PAGE = "report.html"
TEMPLATE = "report.html.j2"
STAGES = (
    "ingest",
    "deduplicate",
    "split",
    "align",
    "balance",
    "reconstruct",
    "relight",
    "accuracy3d",
    "train",
    "evaluate",
)
FAILURES = 16  # largest number of images shown for each reason why no face was found
CURVES = {"loss": "Loss", "accuracy": "Accuracy", "macro_f1": "Macro F1"}


@dataclass(frozen=True)
class RunFiles:
    """The files that the report describes.

    Attributes:
        metrics: folder with one JSON file per stage of ``STAGES``.
        curves: learning curves, written by ``fer3d.training.fit``.
        predictions: Parquet table, written by ``evaluate``.
    """

    metrics: Path
    curves: Path
    predictions: Path


def report(
    files: RunFiles, sources: SampleSources, triangles: np.ndarray, out: Path, params: ReportParams
) -> None:
    """Write the report page and contact sheets as PNG.

    Equal inputs give equal bytes: the page has no dates and nothing about the machine.

    Args:
        files: output of the other stages.
        sources: images of each stage.
        triangles: (T, 3) int, triangles of the mesh.
        out: folder to write: report.html, overview.png, samples/<class>.png; the page alone, and
            no face in it, without ``params.pictures``.
        params: the parameters of the stage.

    Raises:
        UserError: an input is missing or cannot be read.
    """
    by_stage = {stage: read_metrics(files.metrics / f"{stage}.json") for stage in STAGES}
    shown = params.pictures
    samples = sample_sheets(sources, triangles, params.samples_per_class) if shown else {}
    page = render(
        by_stage,
        pd.read_csv(files.curves),
        pd.read_parquet(files.predictions),
        samples,
        failure_sheets(sources, FAILURES) if shown else {},
    )
    if shown:
        write_bytes(out / "overview.png", encode_png(overview_sheet(sources, triangles)))
    for name, sheet in samples.items():
        write_bytes(out / "samples" / f"{_file_name(name)}.png", encode_png(sheet))
    write_text(out / PAGE, page)


def render(
    metrics: Mapping[str, Any],
    curves: pd.DataFrame,
    predictions: pd.DataFrame,
    samples: Mapping[str, np.ndarray],
    failures: Mapping[str, np.ndarray],
) -> str:
    """The page as HTML.

    Args:
        metrics: by stage, in their order.
        curves: learning curves, one row per epoch.
        predictions: returned by ``evaluate``.
        samples: contact sheet (H, W, 3) uint8 RGB by class.
        failures: contact sheet (H, W, 3) uint8 RGB by reason.
    """
    evaluation = metrics["evaluate"]
    judged = TEST if TEST in evaluation else next(iter(evaluation))
    counts = charts.class_counts(metrics)
    classes = classes_of(predictions)
    best = metrics["train"]["best_epoch"]
    return template(TEMPLATE).render(
        split=judged,
        evaluation=evaluation[judged],
        images=int((predictions["split"] == judged).sum()),
        evaluations=evaluation,
        classes=classes,
        confusion=_confusion(predictions[predictions["split"] == judged], classes),
        calibration=data_url(calibration_png(predictions, judged)),
        curves=[charts.learning_curve(curves, name, CURVES[name], best) for name in CURVES],
        best_epoch=best,
        chart=charts,
        counts=counts,
        count_classes=sorted({name for _, values in counts for name in values}),
        largest=max((value for _, values in counts for value in values.values()), default=1),
        accuracy3d=charts.accuracy3d_table(metrics["accuracy3d"]),
        samples={name: data_url(encode_png(sheet)) for name, sheet in samples.items()},
        failures={reason: data_url(encode_png(sheet)) for reason, sheet in failures.items()},
        stages={name: charts.metrics_tables(values) for name, values in metrics.items()},
    )


def _confusion(
    predictions: pd.DataFrame, classes: Sequence[str]
) -> list[tuple[str, list[tuple[int, float]]]]:
    """Rows of the confusion matrix: true class, then (images, fraction of the row) per class."""
    confusion = confusion_of(predictions, classes)
    rows = zip(classes, confusion.tolist(), row_shares(confusion).tolist(), strict=True)
    return [(name, list(zip(images, shares, strict=True))) for name, images, shares in rows]


def _file_name(label: str) -> str:
    """A class name without characters that are not allowed in file names."""
    return re.sub(r"[^\w.-]+", "_", label)
