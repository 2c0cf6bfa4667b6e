"""A list of images: CSV (UTF-8) or Parquet with the columns path, label, split, subject.

    path,label,split,subject
    images/0001.jpg,happiness,train,s017

``split`` and ``subject`` may be left out. Relative paths start at the list's own folder and may
not leave it; a file anywhere else is named by an absolute path. DVC tracks the source alone: it
does not see that an image has changed which does not lie in it. Other columns are left out.
"""

import posixpath
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fer3d.datasets.entries import SPLIT_NAMES, Entry, split_name
from fer3d.errors import UserError
from fer3d.labels import one_spelling

SUFFIXES = (".csv", ".parquet")
NEEDED = ("path", "label")
OPTIONAL = ("split", "subject")
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}


def read_table(path: Path) -> list[Entry]:
    """Entries of a list, in its order.

    Raises:
        UserError: unreadable, a column missing, or a bad row: without path or label, with an
            unknown split, a split in some rows alone, a path that leaves the folder or that an
            earlier row has. The message names the column or the row (1 is the first image).
    """
    table = _columns(_read(path), path)
    paths = _paths(table["path"].tolist(), path)
    labels = [one_spelling(text) for text in table["label"]]
    _refuse("has no label", path, [not label for label in labels])
    splits = _splits([text.strip() for text in table["split"]], path)
    subjects = [one_spelling(text) or None for text in table["subject"]]
    return [Entry(*row) for row in zip(paths, labels, splits, subjects, strict=True)]


def _read(path: Path) -> pd.DataFrame:
    """The known columns as text, "" where a value is missing; of the others the names alone."""
    try:
        if path.suffix.lower() == ".csv":
            return pd.read_csv(
                path, dtype=str, keep_default_na=False, index_col=False, encoding="utf-8-sig"
            )
        table = pq.read_table(path)
        columns = [
            _texts(column) if name.strip().casefold() in NEEDED + OPTIONAL else pa.nulls(len(table))
            for name, column in zip(table.column_names, table.columns, strict=True)
        ]
        return pa.table(columns, names=table.column_names).to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:  # pandas' own are ValueErrors
        raise UserError(f"{path} cannot be read as a list: {_one_line(error)}") from None


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values of any type as text, "" for null and NaN."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if pa.types.is_floating(column.type):
        column = pc.cast(column, pa.float64() if column.type == pa.float64() else pa.float32())
        column = pc.if_else(pc.is_nan(column), None, column)
    return pc.fill_null(pc.cast(column, pa.string()), "")


def _columns(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    table = table.rename(columns=lambda name: str(name).strip().casefold())
    for name in NEEDED:
        if name not in table.columns:
            raise UserError(
                f"{path} has no column {name!r}: expected the columns path and label, and "
                f"optionally split and subject{_separator(table)}; got {', '.join(table.columns)}"
            )
    repeated = table.columns[table.columns.duplicated()].intersection(NEEDED + OPTIONAL)
    if len(repeated):
        raise UserError(f"{path} has the column {repeated[0]!r} twice")
    if table.empty:
        raise UserError(f"{path} holds no rows: expected one row an image")
    return table.reindex(columns=[*NEEDED, *OPTIONAL], fill_value="").fillna("")


def _separator(table: pd.DataFrame) -> str:
    """What to say where the only column looks like several."""
    header = table.columns[0] if len(table.columns) == 1 else ""
    found = [name for sign, name in OTHER_SEPARATORS.items() if sign in header]
    return f", with commas between them, not {found[0]}" if found else ""


def _paths(texts: Sequence[str], source: Path) -> list[str]:
    _refuse("has no path", source, [not text.strip() for text in texts])
    paths = [posixpath.normpath(text.strip()) for text in texts]
    _refuse(
        "has a path that leaves the list's folder (make it absolute if that is meant)",
        source,
        [path == ".." or path.startswith("../") for path in paths],
    )
    _refuse("names a file that an earlier row has", source, pd.Series(paths).duplicated().tolist())
    return paths


def _splits(texts: Sequence[str], source: Path) -> list[str | None]:
    if not any(texts):
        return [None] * len(texts)
    _refuse("has no split, but other rows have one", source, [not text for text in texts])
    splits = [split_name(text) for text in texts]
    known = ", ".join(SPLIT_NAMES)
    _refuse(f"has an unknown split (known: {known})", source, [split is None for split in splits])
    return splits


def _refuse(problem: str, source: Path, bad: Sequence[bool]) -> None:
    """Raise where a row is bad, naming the first one."""
    if any(bad):
        rows = sum(map(bool, bad))
        also = f" ({rows} such rows)" if rows > 1 else ""
        raise UserError(f"{source}: row {list(bad).index(True) + 1} {problem}{also}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
