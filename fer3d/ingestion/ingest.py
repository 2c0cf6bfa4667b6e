"""Makes the manifest: every file is opened once, and either decoded and hashed or rejected.

    out/
      rejected.parquet     files that are not used, with reason and detail
      manifest.parquet     one row per image; written last

Files in = images + rejected.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fer3d.datasets.classes import choose_classes, rename_classes
from fer3d.datasets.entries import Entry, LeftOut
from fer3d.datasets.layout import find_list, image_root, read_layout
from fer3d.datasets.signatures import Signature, signature
from fer3d.errors import UserError
from fer3d.files import manifest
from fer3d.files.digests import sha1_bytes
from fer3d.files.images import Rejected, Rejection, decode, read_file
from fer3d.files.perceptual import perceptual_hash
from fer3d.ingestion.known import read_known, write_known
from fer3d.ingestion.params import IngestParams
from fer3d.machine.ordered_map import batches, map_ordered
from fer3d.machine.settings import Settings

MANIFEST, REJECTED = "manifest.parquet", "rejected.parquet"
KNOWN = "ingest.json"  # what earlier runs read
BATCH_FILES = 64  # files per task

# No format needs more per pixel than 16-bit RGBA (8 bytes); this allows twice that, and a megabyte
# of metadata. A larger file cannot be an image within the pixel limit and is not read.
MAX_BYTES_PER_PIXEL = 16
MAX_METADATA_BYTES = 1_000_000

PASSING = (Rejection.MISSING, Rejection.UNREADABLE)  # reasons that may be gone in the next run
NOT_TAKEN_SHOWN = 3  # files named in an error message


@dataclass(frozen=True)
class _Task:
    files: Sequence[Path]
    max_pixels: int


def ingest_dataset(
    source: Path,
    out: Path,
    params: IngestParams,
    settings: Settings,
    kept: Path | None = None,
) -> dict[str, Any]:
    """Make the manifest of a data set.

    Args:
        source: image folder, list or archive, see ``fer3d.datasets.layout``.
        out: folder for ``manifest.parquet`` and ``rejected.parquet``.
        kept: folder for what is kept between runs, which saves time and changes no result: what
            was read (``fer3d.ingestion.known``), and images of archives. None: every file is read,
            and archives are unpacked into ``out``.

    Returns:
        Metrics: files = images + rejected; rejected_by_reason, a ``Rejection`` or a ``LeftOut``;
        per_class (images).

    Raises:
        UserError: unknown layout, unusable classes, no usable image, or more than
            ``max_rejected_fraction`` of the opened files rejected; ``rejected.parquet`` is written
            in the last two cases.
    """
    layout = read_layout(source, params.layout, kept or out, params.options)
    entries = rename_classes(layout.entries, params.class_names)
    wanted, other = choose_classes(entries, params.classes)
    files = [layout.root / entry.path for entry in wanted]
    known = kept / KNOWN if kept else None
    rows = _read_files(files, params.max_pixels, settings, known)
    rows = [_row(entry, **values) for entry, values in zip(wanted, rows, strict=True)]
    rows += [_left_out(entry) for entry in other]
    frame = pd.DataFrame(rows).sort_values("id", ignore_index=True)
    return _write(frame, source, out, params)


def describe_file(path: Path, max_pixels: int) -> dict[str, Any]:
    """Open, hash and decode one file.

    Returns:
        sha1 of the file, phash of the picture, width and height of the upright image, px.

    Raises:
        Rejected: with the reason.
    """
    data = read_file(path, MAX_BYTES_PER_PIXEL * max_pixels + MAX_METADATA_BYTES)
    image = decode(data, max_pixels=max_pixels)
    height, width = image.shape[:2]
    phash = perceptual_hash(image)
    return {"sha1": sha1_bytes(data), "phash": phash, "width": width, "height": height}


def _read_files(
    files: Sequence[Path], max_pixels: int, settings: Settings, known: Path | None
) -> list[dict[str, Any]]:
    """The row of each file, in their order; unchanged files are not opened."""
    started = time.time_ns()
    before = read_known(known, max_pixels) if known else {}
    paths = [str(file.absolute()) for file in files]
    signatures = [signature(file) for file in files]
    rows: dict[str, tuple[Signature | None, dict[str, Any]]] = {
        path: (now, before[path][1])
        for path, now in zip(paths, signatures, strict=True)
        if path in before and now is not None and before[path][0] == now
    }
    new = [i for i, path in enumerate(paths) if path not in rows]
    read = _read_all([files[i] for i in new], max_pixels, settings)
    rows |= {paths[i]: (signatures[i], row) for i, row in zip(new, read, strict=True)}
    if known:
        kept = {
            path: (mark, row)
            for path, (mark, row) in rows.items()
            if mark is not None and row.get("reason") not in PASSING
        }
        write_known(known, kept, max_pixels, started)
    return [rows[path][1] for path in paths]


def _read_all(files: Sequence[Path], max_pixels: int, settings: Settings) -> list[dict[str, Any]]:
    parts = batches(len(files), BATCH_FILES)
    tasks = [_Task(files[part.start : part.stop], max_pixels) for part in parts]
    weights = [len(task.files) for task in tasks]
    results = map_ordered(
        _read_batch, tasks, settings=settings, description="ingest", weights=weights
    )
    return [row for batch in results for row in batch]


def _read_batch(task: _Task) -> list[dict[str, Any]]:
    return [_read_row(file, task.max_pixels) for file in task.files]


def _read_row(file: Path, max_pixels: int) -> dict[str, Any]:
    try:
        return describe_file(file, max_pixels)
    except Rejected as error:
        return {"reason": error.reason.value, "detail": error.detail}


def _left_out(entry: Entry) -> dict[str, Any]:
    detail = f"class {entry.label}" if entry.label else ""
    return _row(entry, reason=str(entry.left_out), detail=detail)


def _row(entry: Entry, **values: Any) -> dict[str, Any]:
    """A manifest row; its id is the file's path, which is unique."""
    known = {name: getattr(entry, name) for name in ("path", "label", "split", "subject")}
    votes = list(entry.votes.items()) if entry.votes else None
    blank = {"sha1": None, "phash": None, "width": 0, "height": 0, "reason": None, "detail": None}
    return {"id": entry.path, **known, manifest.VOTES: votes, **blank, **values}


def _write(frame: pd.DataFrame, source: Path, out: Path, params: IngestParams) -> dict[str, Any]:
    if frame[manifest.VOTES].isna().all():
        frame = frame.drop(columns=manifest.VOTES)
    rejected = frame["reason"].notna()
    manifest.write(frame[rejected], out / REJECTED)
    images = frame[~rejected].drop(columns=["reason", "detail"])
    _check_rejected(frame[rejected], len(frame), params.max_rejected_fraction, source, out)
    manifest.write(images, out / MANIFEST)
    return {
        "files": len(frame),
        "images": len(images),
        "rejected": int(rejected.sum()),
        "rejected_by_reason": manifest.tally(frame["reason"][rejected]),
        "per_class": manifest.tally(images["label"]),
    }


def _check_rejected(
    rejected: pd.DataFrame, files: int, limit: float, source: Path, out: Path
) -> None:
    """Raise if too many files are unusable or none is left; what is left out does not count."""
    broken = rejected[~rejected["reason"].isin([reason.value for reason in LeftOut])]
    opened = files - len(rejected) + len(broken)
    fraction = len(broken) / opened
    if fraction <= limit and len(rejected) < files:
        return
    reasons = ", ".join(f"{n} {name}" for name, n in manifest.tally(broken["reason"]).items())
    some = ", ".join(broken["path"].head(NOT_TAKEN_SHOWN))
    raise UserError(
        f"{len(broken)} of {opened} files ({fraction:.1%}) are not usable images ({reasons}; such "
        f"as {some}); {_not_there(broken, source)}ingest.max_rejected_fraction is {limit}. All are "
        f"listed in {out / REJECTED}; repair or remove them, or raise the limit"
    )


def _not_there(broken: pd.DataFrame, source: Path) -> str:
    """The part of the error message about files of a list that do not exist."""
    paths = broken["path"][broken["reason"] == Rejection.MISSING]
    if paths.empty or find_list(source) is None:
        return ""
    count = "1 file of the list is" if len(paths) == 1 else f"{len(paths)} files of the list are"
    hint = f"{count} missing: paths are relative to {image_root(source)}"
    if paths.str.contains("\\", regex=False).any():
        hint += ", and folders are separated by /, not by \\"
    return f"{hint}; "
