"""FER2013 (Goodfellow et al. 2013) as a table of pixels: fer2013.csv or icml_face_data.csv.

    emotion,pixels,Usage
    0,70 80 82 72 ...,Training

Each image becomes a PGM file: the grey values as they are, the same bytes whatever the version of
the image library.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from fer3d.datasets.entries import SPLIT_NAMES, Entry, LeftOut, split_name
from fer3d.datasets.layouts.reading import existing
from fer3d.errors import UserError

NAME = "fer2013"
TABLES = ("fer2013.csv", "icml_face_data.csv", "fer2013/fer2013.csv")
LABELS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
NEEDED = ("emotion", "pixels")  # `Usage` is the split
ROWS_AT_ONCE = 1000  # 8 MB of text; also the number of images in a folder


def recognises(source: Path) -> bool:
    """Whether a source is such a table, or a folder with one."""
    if source.is_dir():
        return existing(source, *TABLES) is not None
    return source.suffix.lower() == ".csv" and set(NEEDED) <= set(_header(source))


def containers(source: Path) -> list[Path]:
    """The table.

    Raises:
        UserError: it is missing.
    """
    table = existing(source, *TABLES) if source.is_dir() else source
    if table is None:
        raise UserError(f"{source / TABLES[0]} is missing: FER2013's table of pixels")
    return [table]


def records(source: Path) -> Iterator[tuple[Entry, bytes]]:
    """Images in the order of the table.

    Raises:
        UserError: the table is broken, a column is missing, or a row has an unknown emotion or
            usage.
    """
    (table,) = containers(source)
    for number, row in enumerate(rows(table)):
        yield _entry(number, row, table), image_file(row["pixels"])


def rows(table: Path) -> Iterator[dict[str, str]]:
    """Rows of the table: emotion, pixels and, if it is there, usage.

    Raises:
        UserError: the table is broken, or a column is missing.
    """
    missing = [name for name in NEEDED if name not in _header(table)]
    if missing:
        raise UserError(f"{table} has no column {missing[0]!r}: expected emotion, pixels, Usage")
    try:
        with pd.read_csv(
            table, dtype=str, keep_default_na=False, encoding="utf-8-sig", chunksize=ROWS_AT_ONCE
        ) as parts:
            for part in parts:
                columns = [part[name].tolist() for name in part.columns]
                names = [_name(name) for name in part.columns]
                for values in zip(*columns, strict=True):
                    yield dict(zip(names, values, strict=True))
    except ValueError as error:  # those of pandas, and text that is not UTF-8
        raise UserError(f"{table} is broken: {' '.join(str(error).split())}") from None


def image_path(number: int) -> str:
    """The path to which the image of a row is unpacked; the file name is that of FER+."""
    return f"{number // ROWS_AT_ONCE:04}/fer{number:07}.pgm"


def image_file(pixels: str) -> bytes:
    """A square grey image as a PGM file; the text itself if it is not one."""
    try:
        values = bytes(map(int, pixels.split()))
    except ValueError:  # not a number of 0 to 255
        return pixels.encode()
    side = math.isqrt(len(values))
    if not values or side**2 != len(values):
        return pixels.encode()
    return b"P5 %d %d 255\n%b" % (side, side, values)


def split_of(row: dict[str, str], number: int, table: Path) -> str | None:
    """The official split of a row.

    Raises:
        UserError: it is unknown.
    """
    usage = row.get("usage", "").strip()
    if usage and split_name(usage) is None:
        known = ", ".join(SPLIT_NAMES)
        raise UserError(f"{table}: row {number + 1} has the usage {usage!r}; known: {known}")
    return split_name(usage)


def _entry(number: int, row: dict[str, str], table: Path) -> Entry:
    emotion, split = row["emotion"].strip(), split_of(row, number, table)
    if not emotion:
        return Entry(image_path(number), "", split, left_out=LeftOut.NO_LABEL)
    if emotion not in map(str, range(len(LABELS))):
        raise UserError(
            f"{table}: row {number + 1} has the emotion {emotion!r}, expected 0 to "
            f"{len(LABELS) - 1}"
        )
    return Entry(image_path(number), LABELS[int(emotion)], split)


def _header(table: Path) -> list[str]:
    try:
        with table.open(encoding="utf-8-sig") as lines:
            return [_name(name) for name in lines.readline(10_000).split(",")]
    except (OSError, UnicodeDecodeError):
        return []


def _name(column: str) -> str:
    return column.strip().strip('"').casefold()
