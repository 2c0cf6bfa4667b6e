"""The stage `deduplicate`: exact copies, then near copies.

out/
  dropped.parquet      rows that leave: reason and detail
  near.parquet         near copies, by group; reason "" where the row stays
  manifest.parquet     the rows that stay; written last
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.cleaning.duplicates import Drop, deduplicate
from fer3d.cleaning.near.copies import NearDrop, separate_near_copies
from fer3d.cleaning.params import DeduplicateParams
from fer3d.files import images, manifest
from fer3d.files.perceptual import thumbnail
from fer3d.machine.ordered_map import map_ordered
from fer3d.machine.settings import Settings
from fer3d.rowwise.sources import FilePart, FileSource, unreadable

MANIFEST = "manifest"  # written last
AT_ONCE = 64  # photos a task
TASK_PIXELS = 1 << 26  # of the photos of a task, which bounds its memory


def deduplicate_dataset(
    source: Path, image_root: Path, out: Path, params: DeduplicateParams, settings: Settings
) -> dict[str, Any]:
    """Keep one copy of every image, and near copies together or out of each other's splits.

    Args:
        source: manifest of ``ingest``.
        image_root: the folder that its paths start from.
        out: folder to write.

    Returns:
        Metrics of ``deduplicate``, with near copies counted too, and those of
        ``separate_near_copies`` under ``near``; null where ``params.near`` is off.
    """
    before = manifest.read(source)
    kept, dropped, metrics = deduplicate(before, params)
    copies, near = kept.iloc[:0].assign(reason=""), None
    if params.near != "off":
        kept = kept.sort_values("id", ignore_index=True)
        thumbnails = _thumbnails(kept, image_root, settings)
        kept, more, copies, near = separate_near_copies(
            kept, params.near, params.conflicts, thumbnails
        )
        dropped = pd.concat([frame for frame in (dropped, more) if len(frame)] or [dropped])
    for name, frame in (("dropped", dropped), ("near", copies), (MANIFEST, kept)):
        rows = frame.drop(columns="phash", errors="ignore")
        manifest.write(rows, out / f"{name}.parquet")
    return metrics | _left(before, kept, dropped) | {"near": near}


def _left(before: pd.DataFrame, kept: pd.DataFrame, dropped: pd.DataFrame) -> dict[str, Any]:
    """What both kinds of copies leave, by class, and why the others went."""
    classes = dict.fromkeys(sorted(before["label"].unique()), 0)
    reasons = dict.fromkeys([*map(str, Drop), *map(str, NearDrop)], 0)
    return {
        "after": classes | manifest.tally(kept["label"]),
        "removed": classes | manifest.tally(dropped["label"]),
        "removed_by_reason": reasons | manifest.tally(dropped["reason"]),
    }


@dataclass(frozen=True)
class _Task:
    part: FilePart

    def thumbnails(self) -> list[np.ndarray]:
        batch = self.part.read()
        return [
            _thumbnail(file, path) for file, path in zip(batch["file"], batch["path"], strict=True)
        ]


def _thumbnails(
    frame: pd.DataFrame, image_root: Path, settings: Settings
) -> Callable[[Sequence[int]], dict[int, np.ndarray]]:
    sizes = frame[["height", "width"]].to_numpy(np.int64)
    source = FileSource(image_root, frame["path"].array, frame["sha1"].array, sizes, TASK_PIXELS)

    def read(rows: Sequence[int]) -> dict[int, np.ndarray]:
        groups = source.groups(np.array(rows, np.int64), AT_ONCE)
        results = map_ordered(
            _Task.thumbnails,
            [_Task(source.part(group)) for group in groups],
            settings=settings,
            description="near copies",
            weights=[len(group) for group in groups],
        )
        pairs = zip(groups, results, strict=True)
        return {
            int(row): picture
            for group, pictures in pairs
            for row, picture in zip(group, pictures, strict=True)
        }

    return read


def _thumbnail(file: np.ndarray, path: Path) -> np.ndarray:
    try:
        return thumbnail(images.decode(file.tobytes(), max_pixels=images.MAX_PIXELS))
    except images.Rejected as error:
        raise unreadable(path, error) from None
