"""The page about the data set: counts, losses, distributions, and pictures of near copies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.files import manifest
from fer3d.files.atomic import write_text
from fer3d.files.images import MAX_PIXELS, Rejected, encode_png, load_image
from fer3d.files.sheets import contact_sheet
from fer3d.reporting.charts import metrics_tables
from fer3d.reporting.data_set import DataSources
from fer3d.reporting.params import ReportParams
from fer3d.reporting.templates import data_url, template

PAGE, TEMPLATE = "data.html", "data.html.j2"
GROUPS = 24  # most groups of near copies on the page
PER_GROUP = 6  # most pictures of a group
CELL = 96  # px
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
    sheet = None
    if params.pictures:
        near = manifest.read(sources.cleaned / "near.parquet")
        sheet = near_sheet(near, originals)
    sections = [(title, metrics_tables({name: values[name]})) for name, title in SECTIONS.items()]
    picture = None if sheet is None else data_url(encode_png(sheet))
    write_text(out / PAGE, template(TEMPLATE).render(sections=sections, near=picture))


def near_sheet(near: pd.DataFrame, originals: Path) -> np.ndarray | None:
    """Groups of near copies, one a row: those in several splits or with several labels first.

    Args:
        near: ``near.parquet`` of ``deduplicate``.
        originals: the folder of its relative paths.

    Returns:
        (H, W, 3) uint8 RGB; None without groups.
    """
    if near.empty:
        return None
    groups = near.sort_values("id").groupby("near_group")
    several = groups["split"].nunique() + groups["label"].nunique()
    order = several.sort_values(ascending=False, kind="stable").index[:GROUPS]
    members = [groups.get_group(name) for name in order]
    return contact_sheet(
        [[_picture(originals / path) for path in group["path"][:PER_GROUP]] for group in members],
        row_titles=[_title(group) for group in members],
        cell=CELL,
    )


def _title(group: pd.DataFrame) -> str:
    """The labels and official splits of a group."""
    splits = group["split"].fillna("").map(lambda split: f", {split}" if split else "")
    return " | ".join(dict.fromkeys(group["label"] + splits))


def _picture(path: Path) -> np.ndarray:
    """The source image; white if it was removed after the stages ran."""
    try:
        return load_image(path, max_pixels=MAX_PIXELS)
    except Rejected:
        return np.full((CELL, CELL, 3), 255, np.uint8)
