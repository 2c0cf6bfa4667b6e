"""The page about the data set: counts, losses, distributions, and pictures of near copies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fer3d.files import manifest
from fer3d.files.atomic import write_text
from fer3d.reporting.cards import Card, CardGroup, Gallery, Picture
from fer3d.reporting.data_set import DataSources
from fer3d.reporting.page_tables import metrics_tables
from fer3d.reporting.params import ReportParams
from fer3d.reporting.samples import CELL, source_image
from fer3d.reporting.templates import data_url, template

PAGE, TEMPLATE = "data.html", "data.html.j2"
GROUPS = 24  # most groups of near copies on the page
PER_GROUP = 6  # most pictures of a group
SPLITS, LABELS, ALIKE = "several splits", "several labels", "one split and label"
SECTIONS = {
    "images_by_step": "Images of each class after each stage",
    "lost_by_reason": "Images that were left out, rejected or dropped, by reason",
    "not_found": "Faces that were not found",
    "absolute_yaw_deg": "Yaw of the head to either side, degrees, of reconstructed faces",
    "shorter_side_px": "Shorter side of the source images, px",
    "brightness": "Brightness of the aligned images, mean grey value, 0 to 255",
    "contrast": "Contrast, standard deviation of the grey values",
    "sharpness": "Sharpness, variance of the Laplacian",
    "light_from_left": "Light from the left: left half less right half, as a share of their sum",
    "copies_in_training": "Held-out images with a copy in the official training split",
    "near_copies": "Near copies",
}


def data_page(
    values: Mapping[str, Any],
    sources: DataSources,
    originals: Path,
    out: Path,
    params: ReportParams,
) -> None:
    """Write the page; equal inputs give equal bytes.

    Args:
        values: see ``describe``.
        sources: output of the stages.
        originals: the folder of the manifest's relative paths.
        out: folder to write.
        params: without ``pictures``, no image is shown.
    """
    near = manifest.read(sources.cleaned / "near.parquet")
    sections = {
        name: (title, metrics_tables({title: values[name]})) for name, title in SECTIONS.items()
    }
    gallery = near_gallery(near, originals, pictures=params.pictures)
    write_text(out / PAGE, template(TEMPLATE).render(sections=sections, gallery=gallery))


def near_gallery(near: pd.DataFrame, originals: Path, *, pictures: bool) -> Gallery:
    """Groups of near copies: those in several splits or with several labels first.

    Args:
        near: ``near.parquet`` of ``deduplicate``.
        originals: the folder of its relative paths.
        pictures: without them the cards have the paths alone.
    """
    groups = near.sort_values("id").groupby("near_group")
    several = groups["split"].nunique() + groups["label"].nunique()
    order = several.sort_values(ascending=False, kind="stable").index[:GROUPS]
    cards = [_card(groups.get_group(name), originals, pictures) for name in order]
    note = f"{len(order)} of {len(several)} groups, those with several splits or labels first."
    return Gallery.of([CardGroup("Groups of near copies", note, cards)], (SPLITS, LABELS, ALIKE))


def _card(group: pd.DataFrame, originals: Path, pictures: bool) -> Card:
    names = (SPLITS, "split"), (LABELS, "label")
    kinds = [kind for kind, column in names if group[column].nunique() > 1]
    paths = list(group["path"])
    shown = paths[:PER_GROUP] if pictures else []
    return Card(
        title=_title(group),
        note=", ".join(paths),
        labels=list(dict.fromkeys(group["label"])),
        kinds=kinds or [ALIKE],
        pictures=[
            Picture(Path(path).name, data_url(source_image(originals / path), CELL))
            for path in shown
        ],
    )


def _title(group: pd.DataFrame) -> str:
    """The labels and official splits of a group."""
    splits = group["split"].fillna("").map(lambda split: f", {split}" if split else "")
    return " | ".join(dict.fromkeys(group["label"] + splits))
