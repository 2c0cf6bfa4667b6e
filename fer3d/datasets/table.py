"""A list of images: CSV (UTF-8) or Parquet with the columns path, label, split, subject.

    path,label,split,subject
    images/0001.jpg,happiness,train,s017

``split`` and ``subject`` are optional, and so are votes (``fer3d.datasets.votes``); other columns
are ignored. Relative paths are relative to the folder of the list and must stay inside it; other
files need an absolute path.
"""

import posixpath
import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fer3d.datasets.entries import SPLIT_NAMES, Entry, split_name
from fer3d.datasets.votes import may_be_votes, vote_columns, votes_of_rows
from fer3d.errors import UserError
from fer3d.files.labels import one_spelling

SUFFIXES = (".csv", ".parquet")
NEEDED = ("path", "label")
OPTIONAL = ("split", "subject")
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}


def read_table(path: Path) -> list[Entry]:
    """Entries of a list, in its order.

    Raises:
        UserError: the list is unreadable, a column is missing, or a row is bad: no path or label,
            an unknown split, a split in only some rows, a path that leaves the folder, a path that
            an earlier row has, a vote that is no number. The message names the column or the row
            (1 is the first image).
    """
    read = _read(path)
    table = _columns(read, path)
    paths = _paths(table["path"].tolist(), path)
    labels = [one_spelling(text) for text in table["label"]]
    _refuse("has no label", path, [not label for label in labels])
    splits = _splits([text.strip() for text in table["split"]], path)
    subjects = [one_spelling(text) or None for text in table["subject"]]
    votes = _votes(read, labels, path)
    return [
        Entry(name, label, split, subject, votes=counts)
        for name, label, split, subject, counts in zip(
            paths, labels, splits, subjects, votes, strict=True
        )
    ]


def _votes(
    table: pd.DataFrame, labels: Sequence[str], source: Path
) -> list[dict[str, float] | None]:
    try:
        return votes_of_rows(table, vote_columns(list(map(str, table.columns)), set(labels)))
    except UserError as error:
        raise UserError(f"{source}: {error}") from None


def _read(path: Path) -> pd.DataFrame:
    """The known columns as text, "" for missing values; of the others only the names."""
    try:
        if path.suffix.lower() == ".csv":
            return _read_csv(path)
        table = pq.read_table(path)
        columns = [
            _texts(column) if _is_read(name) else pa.nulls(len(table))
            for name, column in zip(table.column_names, table.columns, strict=True)
        ]
        return pa.table(columns, names=table.column_names).to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:  # pandas raises ValueErrors
        raise UserError(f"{path} cannot be read as a list: {_one_line(error)}") from None


def _read_csv(path: Path) -> pd.DataFrame:
    """All columns as text; a row with more fields than the header is an error, not cut off."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(
                path, dtype=str, keep_default_na=False, index_col=False, encoding="utf-8-sig"
            )
        except pd.errors.ParserWarning:
            raise ValueError(
                "the first row has more fields than the header: quote a path with a comma"
            ) from None


def _is_read(column: str) -> bool:
    return column.strip().casefold() in NEEDED + OPTIONAL or may_be_votes(column)


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
                f"{path} has no column {name!r}: expected columns path, label, optionally split "
                f"and subject{_separator(table)}; got {', '.join(table.columns)}"
            )
    repeated = table.columns[table.columns.duplicated()].intersection([*NEEDED, *OPTIONAL])
    if len(repeated):
        raise UserError(f"{path} has the column {repeated[0]!r} twice")
    if table.empty:
        raise UserError(f"{path} has no rows: expected one row per image")
    return table.reindex(columns=[*NEEDED, *OPTIONAL], fill_value="").fillna("")


def _separator(table: pd.DataFrame) -> str:
    """A hint for the error message if the only column contains another separator."""
    header = table.columns[0] if len(table.columns) == 1 else ""
    found = [name for sign, name in OTHER_SEPARATORS.items() if sign in header]
    return f", separated by commas instead of {found[0]}" if found else ""


def _paths(texts: Sequence[str], source: Path) -> list[str]:
    _refuse("has no path", source, [not text.strip() for text in texts])
    paths = [posixpath.normpath(text.strip()) for text in texts]
    _refuse(
        "has a relative path that leaves the folder of the list (use an absolute path)",
        source,
        [path == ".." or path.startswith("../") for path in paths],
    )
    _refuse("repeats the path of an earlier row", source, pd.Series(paths).duplicated().tolist())
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
    """Raise if any row is bad, naming the first one."""
    if any(bad):
        rows = sum(map(bool, bad))
        also = f" ({rows} such rows)" if rows > 1 else ""
        raise UserError(f"{source}: row {list(bad).index(True) + 1} {problem}{also}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
