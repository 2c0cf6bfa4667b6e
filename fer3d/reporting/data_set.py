"""What a data set consists of, and what the stages lost of it; read from their manifests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from fer3d.files import manifest
from fer3d.files.manifest import SPLITS, TRAIN
from fer3d.files.packed import open_arrays, read_manifest

ROWS_AT_ONCE = 1000  # images in memory
YAW_EDGES = (0, 15, 30, 45, 60, 90)  # degrees, of the absolute value
QUANTILES = {"5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95}
NO_LABEL = "no label"
CLEANED = ("dropped", "near")  # files of `deduplicate` beside the manifest


@dataclass(frozen=True)
class DataSources:
    """Output folders of stages.

    Attributes:
        ingested: manifest and rejected rows, of ``ingest``.
        cleaned: manifest, dropped rows and near copies, of ``deduplicate``.
        aligned: packed and rejected rows, of ``align``.
        images: packed, of ``balance``.
        faces: packed, of ``reconstruct``, with the same rows.
    """

    ingested: Path
    cleaned: Path
    aligned: Path
    images: Path
    faces: Path


def describe(sources: DataSources) -> dict[str, Any]:
    """Counts and distributions of a data set; equal inputs give equal values.

    Noisy copies are not counted, other than in ``rows_after_balancing``. An image that balancing
    replaced by a noisy one counts with the face of that one, and not in the image statistics.

    Returns:
        images_by_step: by class; ingested, without copies, by split, faces found, reconstructed,
            rows after balancing.
        lost_by_reason: by reason of ``ingest``, ``deduplicate`` and ``align``, and by class.
        not_found: by split and class: images, not aligned, not reconstructed, per cent of these.
        near_copies: see ``near_copies``.
        copies_in_training: held-out images with a copy in training, see ``copies_in_training``.
        shorter_side_px: of the source images, by split: quantiles.
        absolute_yaw_deg: images by split and range of the head's yaw, of reconstructed faces.
        brightness, contrast, sharpness, light_from_left: by class: quantiles, see
            ``image_statistics``.
    """
    ingested = manifest.read(sources.ingested / "manifest.parquet")
    cleaned = manifest.read(sources.cleaned / "manifest.parquet")
    dropped, near = (manifest.read(sources.cleaned / f"{name}.parquet") for name in CLEANED)
    lost = [
        manifest.read(sources.ingested / "rejected.parquet"),
        dropped,
        manifest.read(sources.aligned / "rejected.parquet"),
    ]
    frame = read_manifest(sources.faces)
    original = np.flatnonzero(frame["noise"] == "")
    faces = frame[frame["id"] == frame["source_id"]]
    statistics = image_statistics(open_arrays(sources.images, "images")["images"], original)
    labels = frame["label"].iloc[original].to_numpy(dtype=object)
    return {
        "images_by_step": _steps(ingested, cleaned, faces, frame),
        "lost_by_reason": _lost(pd.concat([part[["label", "reason"]] for part in lost])),
        "not_found": {split: _not_found(part) for split, part in _by_split(faces)},
        "near_copies": near_copies(near),
        "copies_in_training": copies_in_training(cleaned, dropped, near),
        "shorter_side_px": _quantiles(faces[["width", "height"]].min(axis=1), faces["split"]),
        "absolute_yaw_deg": _yaw(faces[faces["reconstructed"]]),
        **{name: _quantiles(pd.Series(values), labels) for name, values in statistics.items()},
    }


def image_statistics(images: np.ndarray, rows: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
    """Light and sharpness of aligned images.

    Args:
        images: (N, S, S, 3) uint8 RGB, may be memory-mapped.
        rows: n numbers of rows to look at.

    Returns:
        By name (n,) float32, all of the grey values:

        - brightness: mean, 0 .. 255;
        - contrast: standard deviation, grey values;
        - sharpness: variance of the Laplacian (Pech-Pacheco et al. 2000), low for blurred images;
        - light_from_left: mean of the left half less that of the right half, as a share of their
          sum, -1 .. 1.
    """
    parts = [rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE)]
    values = [_statistics(image) for part in parts for image in images[np.asarray(part, int)]]
    names = ("brightness", "contrast", "sharpness", "light_from_left")
    table = np.array(values, np.float32).reshape(len(values), len(names))
    return dict(zip(names, table.T, strict=True))


def near_copies(frame: pd.DataFrame) -> dict[str, int]:
    """Groups of near copies, and what would have leaked.

    Args:
        frame: ``near.parquet`` of ``deduplicate``: the images of all groups.

    Returns:
        groups; images in them; groups in several official splits; groups with several labels;
        dropped images.
    """
    groups = frame.groupby("near_group")
    several = {name: groups[name].nunique() > 1 for name in ("split", "label")}
    return {
        "groups": groups.ngroups,
        "images": len(frame),
        "groups_in_several_splits": int(several["split"].sum()),
        "groups_with_several_labels": int(several["label"].sum()),
        "dropped": int((frame["reason"] != "").sum()),
    }


def copies_in_training(
    kept: pd.DataFrame, dropped: pd.DataFrame, near: pd.DataFrame
) -> dict[str, dict[str, dict[str, float]]]:
    """Held-out images with a copy in the training split: answers that can be learned by heart.

    `deduplicate` removes these copies, except near ones with ``near`` report or off.

    Args:
        kept: manifest of ``deduplicate``, with the official splits, null if there are none.
        dropped: its ``dropped.parquet``.
        near: its ``near.parquet``, empty if near copies are not looked for.

    Returns:
        By official held-out split and by class (last: all): ``images``; ``exact_copy`` and
        ``near_copy``, those with such a copy in the training split, the latter only if there is no
        exact one; ``percent`` of the images with either. Empty without official splits.
    """
    trained = set(dropped.loc[dropped["split"] == TRAIN, "sha1"])
    groups = set(near.loc[near["split"] == TRAIN, "near_group"])
    exact = kept["sha1"].isin(trained)
    alike = kept["id"].map(near.set_index("id")["near_group"]).isin(groups)
    frame = kept[["label", "split"]].assign(exact=exact, near=alike & ~exact)
    return {split: _copied(part) for split, part in _by_split(frame[frame["split"] != TRAIN])}


def _statistics(image: np.ndarray) -> tuple[float, float, float, float]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    middle = grey.shape[1] // 2
    left, right = grey[:, :middle].mean(), grey[:, -middle:].mean()
    both = max(left + right, 1e-6)  # 0 for a black image
    laplacian = cv2.Laplacian(grey, cv2.CV_32F)
    return grey.mean(), grey.std(), laplacian.var(), (left - right) / both


def _by_split(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for split in SPLITS:
        part = frame[frame["split"] == split]
        if len(part):
            yield split, part


def _by_class(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each class, and all of them."""
    return {str(label): part for label, part in frame.groupby("label")} | {"all": frame}


def _steps(
    ingested: pd.DataFrame, cleaned: pd.DataFrame, faces: pd.DataFrame, balanced: pd.DataFrame
) -> dict[str, dict[str, int]]:
    frames = {
        "ingested": ingested,
        "without_copies": cleaned,
        **dict(_by_split(faces)),
        "faces_found": faces[faces["aligned"]],
        "reconstructed": faces[faces["reconstructed"]],
        "rows_after_balancing": balanced,
    }
    counts = {step: manifest.tally(frame["label"]) for step, frame in frames.items()}
    names = [*counts["ingested"], "all"]
    totals = {step: values | {"all": sum(values.values())} for step, values in counts.items()}
    return {name: {step: totals[step].get(name, 0) for step in frames} for name in names}


def _lost(frame: pd.DataFrame) -> dict[str, dict[str, int]]:
    labels = frame["label"].fillna("").replace("", NO_LABEL)
    table = pd.crosstab(frame["reason"], labels, margins=True, margins_name="all")
    if frame.empty:
        return {}
    return {
        str(reason): {str(label): int(count) for label, count in row.items()}
        for reason, row in table.iterrows()
    }


def _copied(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {
        name: {
            "images": len(part),
            "exact_copy": int(part["exact"].sum()),
            "near_copy": int(part["near"].sum()),
            "percent": round(100 * float((part["exact"] | part["near"]).mean()), 2),
        }
        for name, part in _by_class(frame).items()
    }


def _not_found(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {
        name: {
            "images": len(part),
            "not_aligned": int((~part["aligned"]).sum()),
            "not_reconstructed": int((~part["reconstructed"]).sum()),
            "not_reconstructed_percent": round(100 * float((~part["reconstructed"]).mean()), 2),
        }
        for name, part in _by_class(frame).items()
    }


def _yaw(frame: pd.DataFrame) -> dict[str, dict[str, int]]:
    names = [f"{low}-{high}" for low, high in pairwise(YAW_EDGES)]
    counts = {}
    for split, part in _by_split(frame):
        turned = part["yaw"].abs().clip(upper=YAW_EDGES[-1])
        numbers = np.histogram(turned, bins=YAW_EDGES)[0].tolist()
        counts[split] = dict(zip(names, numbers, strict=True))
    return counts


def _quantiles(values: pd.Series, groups: Any) -> dict[str, dict[str, float]]:
    """Quantiles of each group and of all values, to four digits."""
    parts = {str(name): part for name, part in values.groupby(np.asarray(groups, dtype=object))}
    return {
        name: {title: float(f"{part.quantile(share):.4g}") for title, share in QUANTILES.items()}
        for name, part in (parts | {"all": values}).items()
    }
