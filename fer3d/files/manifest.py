"""The manifest: a Parquet table with one row per image, sorted by id, with declared columns.

Stages add columns and never lose a row silently: rows in = rows kept + rows dropped, and dropped
rows are written to a separate table with a reason.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fer3d.errors import UserError
from fer3d.files.atomic import atomic_path

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)
VOTES = "votes"  # a column

REQUIRED = ("id", "path", "label", "sha1", "width", "height")

COLUMNS: Mapping[str, pa.DataType] = {
    # ingest
    "id": pa.string(),  # unique; "<source id>#<noise>" for a noisy copy
    "path": pa.string(),  # POSIX, relative to the image root, or absolute
    "label": pa.string(),
    "sha1": pa.string(),  # of the file's bytes, 40 hexadecimal digits
    "split": pa.string(),  # train | validation | test; null before `split`
    "subject": pa.string(),  # null where unknown
    "width": pa.int32(),  # px, source image
    "height": pa.int32(),  # px, source image
    VOTES: pa.map_(pa.string(), pa.float32()),  # by class, see fer3d.datasets.entries.Entry;
    # null where unknown, and no column where all are; (class, votes) pairs in a data frame
    "phash": pa.string(),  # perceptual hash, 16 hexadecimal digits; only for `deduplicate`
    # deduplicate
    "near_group": pa.string(),  # id of the first of a group of near copies; null without copies
    # deduplicate, ingest: rows that were dropped
    "reason": pa.string(),
    "detail": pa.string(),
    # align
    "aligned": pa.bool_(),
    "detection": pa.string(),  # the detector that found the face; "" if there is no face
    "box_x": pa.float32(),  # px, image frame of the aligned image
    "box_y": pa.float32(),
    "box_w": pa.float32(),
    "box_h": pa.float32(),
    "confidence": pa.float32(),  # 0..1
    # balance
    "noise": pa.string(),  # "" | poisson | speckle | gaussian
    "source_id": pa.string(),
    # reconstruct; also `reason`: "" if a face was reconstructed
    "reconstructed": pa.bool_(),
    "presence": pa.float32(),  # 0..1
    "pitch": pa.float32(),  # degrees
    "yaw": pa.float32(),  # degrees
    "roll": pa.float32(),  # degrees
    # relight
    "visible_fraction": pa.float32(),  # 0..1
}


def read(path: Path) -> pd.DataFrame:
    """Read a manifest.

    Raises:
        UserError: the file is missing or is not a manifest.
    """
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            table = pa.table(dict(_columns(file)))
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `dvc repro` to make it") from None
    except pa.ArrowInvalid as error:
        raise UserError(
            f"{path} is not a Parquet manifest ({error}): delete it and run again"
        ) from None
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise UserError(f"{path} has no column {missing[0]!r}: it is not a fer3d manifest")
    frame = table.to_pandas(use_threads=False)
    del table
    release_memory()
    return frame


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write a manifest, sorted by id, in one atomic step; equal frames give equal bytes.

    Columns have the declared order and types.

    Raises:
        ValueError: an undeclared column, a required one missing, or an id that is not unique.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        pq.write_table(to_table(frame), temporary, compression="zstd")
    release_memory()


def release_memory() -> None:
    """Release memory that Arrow keeps of deleted tables: several times the size of a table."""
    pa.default_memory_pool().release_unused()


def to_table(frame: pd.DataFrame) -> pa.Table:
    """The Arrow table of a manifest: sorted by id, declared columns, declared types."""
    unknown = sorted(set(frame.columns) - set(COLUMNS))
    if unknown:
        raise ValueError(
            f"undeclared manifest columns {unknown}; declare them in fer3d/files/manifest.py"
        )
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise ValueError(f"a manifest needs the columns {list(REQUIRED)}, missing are {missing}")
    repeated = frame["id"][frame["id"].duplicated()]
    if len(repeated):
        raise ValueError(f"manifest ids must be unique, {repeated.iloc[0]!r} is repeated")
    if not frame["id"].is_monotonic_increasing:
        frame = frame.sort_values("id", kind="stable")
    names = [name for name in COLUMNS if name in frame.columns]
    schema = pa.schema([(name, COLUMNS[name]) for name in names])
    table = pa.Table.from_pandas(frame[names], schema=schema, preserve_index=False, nthreads=1)
    return table.replace_schema_metadata()


def _columns(file: pq.ParquetFile) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """Read one column at a time, without threads, to need little more memory than the table."""
    for name in file.schema_arrow.names:
        yield name, file.read([name], use_threads=False).column(0)
        release_memory()


def tally(values: pd.Series) -> dict[str, int]:
    """Counts of the values, in alphabetical order."""
    return {str(name): int(count) for name, count in values.value_counts().sort_index().items()}


def people(frame: pd.DataFrame) -> pd.Series:
    """The person in each image: its subject; an image without a known subject counts as a person.

    Splits and statistics use this to keep the images of a person together.

    Args:
        frame: N rows of a manifest with ``id`` and ``subject``.

    Returns:
        (N,) str, by image id.
    """
    subjects = frame["subject"]
    known = subjects.astype(object).where(subjects.notna(), "image " + frame["id"])
    return known.set_axis(frame["id"])


def classes(frame: pd.DataFrame) -> list[str]:
    """The labels in alphabetical order; the index of a label is its code (paper B, section 4)."""
    return sorted(frame["label"].unique())


def vote_shares(votes: pd.Series, classes: Sequence[str]) -> np.ndarray:
    """The share of the votes for these classes that each class has.

    Args:
        votes: of N images, as in a manifest: (class, votes) pairs or null.
        classes: C names.

    Returns:
        (N, C) float32; rows sum to 1, or are 0 where none of the classes has a vote.
    """
    codes = {name: code for code, name in enumerate(classes)}
    counts = np.zeros((len(votes), len(classes)), np.float32)
    for row, pairs in enumerate(votes):
        for name, count in pairs if pairs is not None else ():
            if name in codes:
                counts[row, codes[name]] += count
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=counts, where=totals > 0)


def check_two_classes(labels: Collection[str]) -> None:
    """Check that there are at least two classes.

    Raises:
        UserError: all images are of one class; the message names it.
    """
    classes = set(labels)
    if len(classes) == 1:
        raise UserError(
            f"all {len(labels)} images are of class {classes.pop()!r}: at least two classes are "
            "needed; look at ingest.source, ingest.classes and ingest.class_names"
        )
