"""The stage `deduplicate`: exact copies, then near copies.

out/
  dropped.parquet      removed rows, with reason and detail
  near.parquet         near copies by group; reason "" for rows that are kept
  manifest.parquet     the rows that are kept; written last
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.cleaning.duplicates import deduplicate
from fer3d.cleaning.near.copies import NearDrop, separate_near_copies
from fer3d.cleaning.params import DeduplicateParams
from fer3d.files import manifest
from fer3d.files.images import MAX_PIXELS
from fer3d.files.perceptual import thumbnail
from fer3d.machine.ordered_map import map_ordered
from fer3d.machine.settings import Settings
from fer3d.rowwise.sources import FilePart, FileSource, decode_file

MANIFEST = "manifest"  # written last
AT_ONCE = 64  # images per task
TASK_PIXELS = 1 << 26  # px of the images of a task, bounds its memory


def deduplicate_dataset(
    source: Path, image_root: Path, out: Path, params: DeduplicateParams, settings: Settings
) -> dict[str, Any]:
    """Keep one copy of every image, and no near copies in different splits.

    Args:
        source: manifest of ``ingest``.
        image_root: folder of the paths in the manifest.
        out: output folder.

    Returns:
        Metrics: ``before``, ``after`` and ``removed`` by class, and those of ``deduplicate``;
        ``near`` has those of ``separate_near_copies``, or null if ``params.near`` is off.
        ``removed_by_reason`` counts exact and near copies.
    """
    before = manifest.read(source)
    kept, dropped, exact = deduplicate(before, params)
    copies, near = kept.iloc[:0].assign(near_group="", reason=""), None
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
    more_reasons = near["removed_by_reason"] if near else dict.fromkeys(map(str, NearDrop), 0)
    metrics = per_class(before, kept, dropped) | exact | {"near": near}
    return metrics | {"removed_by_reason": exact["removed_by_reason"] | more_reasons}


def per_class(
    before: pd.DataFrame, kept: pd.DataFrame, dropped: pd.DataFrame
) -> dict[str, dict[str, int]]:
    """Numbers of images ``before``, ``after`` and ``removed``, by class.

    Args:
        before, kept, dropped: manifests.
    """
    frames = {"before": before, "after": kept, "removed": dropped}
    none = dict.fromkeys(sorted(before["label"].unique()), 0)
    return {name: none | manifest.tally(frame["label"]) for name, frame in frames.items()}


@dataclass(frozen=True)
class _Task:
    part: FilePart

    def thumbnails(self) -> list[np.ndarray]:
        batch = self.part.read()
        files = zip(batch["file"], batch["path"], strict=True)
        return [thumbnail(decode_file(file, path, MAX_PIXELS)) for file, path in files]


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
