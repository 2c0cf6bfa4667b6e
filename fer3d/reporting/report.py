"""An HTML page about a run, self-contained, with all images embedded."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.evaluation.intervals import share_interval
from fer3d.evaluation.predictions import classes_of, confusion_of
from fer3d.evaluation.tables import images_of, read_metrics
from fer3d.files.atomic import write_bytes, write_text
from fer3d.files.images import encode_png
from fer3d.files.manifest import TEST
from fer3d.reporting import figures, page_tables
from fer3d.reporting.cards import Gallery
from fer3d.reporting.gallery import run_gallery
from fer3d.reporting.params import ReportParams
from fer3d.reporting.samples import SampleSources, StageImages, overview_sheet
from fer3d.reporting.score_tables import confusion_table, reconstructed_table, scores_table
from fer3d.reporting.templates import template

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
    """Write the report page and an overview of the stages as PNG.

    Equal inputs give equal bytes: the page has no dates and nothing about the machine.

    Args:
        files: output of the other stages.
        sources: images of each stage.
        triangles: (T, 3) int, triangles of the mesh.
        out: folder to write: report.html, overview.png; the page alone, and no face in it, without
            ``params.pictures``.
        params: the parameters of the stage.

    Raises:
        UserError: an input is missing or cannot be read.
    """
    by_stage = {stage: read_metrics(files.metrics / f"{stage}.json") for stage in STAGES}
    predictions = pd.read_parquet(files.predictions)
    images = StageImages(sources, triangles)
    gallery = run_gallery(images, predictions, params.samples_per_class, pictures=params.pictures)
    if params.pictures:
        write_bytes(out / "overview.png", encode_png(overview_sheet(images)))
    write_text(out / PAGE, render(by_stage, pd.read_csv(files.curves), predictions, gallery))


def render(
    metrics: Mapping[str, Any],
    curves: pd.DataFrame,
    predictions: pd.DataFrame,
    gallery: Gallery,
) -> str:
    """The page as HTML.

    Args:
        metrics: by stage, in their order.
        curves: learning curves, one row per epoch.
        predictions: returned by ``evaluate``.
        gallery: photos of the run.
    """
    evaluations = metrics["evaluate"]
    split = TEST if TEST in evaluations else next(iter(evaluations))
    by_split = {name: predictions[predictions["split"] == name] for name in evaluations}
    best = metrics["train"]["best_epoch"]
    classes = classes_of(predictions)
    return template(TEMPLATE).render(
        split=split,
        evaluation=evaluations[split],
        images=page_tables.text(images_of(evaluations[split])),
        accuracy_ends=share_interval(evaluations[split]["accuracy"], len(by_split[split])),
        best_epoch=best,
        scores=[
            *(scores_table(part, name) for name, part in evaluations.items()),
            reconstructed_table(evaluations),
        ],
        confusions=[
            confusion_table(confusion_of(part, classes), classes, name)
            for name, part in by_split.items()
        ],
        calibration=[
            figures.reliability_chart(by_split[split], split),
            figures.confidence_chart(by_split[split], split),
            figures.coverage_chart(by_split),
        ],
        calibration_tables=[
            figures.reliability_table(by_split[split], split),
            figures.coverage_table(by_split),
        ],
        curves=[
            figures.learning_curve(curves, name, title, best)
            for name, title in figures.CURVES.items()
        ],
        curves_table=figures.curves_table(curves),
        counts=page_tables.counts_table(metrics),
        accuracy3d=page_tables.accuracy3d_table(metrics["accuracy3d"]),
        gallery=gallery,
        stages={name: page_tables.metrics_tables(values, name) for name, values in metrics.items()},
    )
