"""Data sets of Hugging Face: as saved to disk, or the Parquet files of a repository.

    dataset_dict.json                         data/train-00000-of-00002.parquet
    train/state.json                          data/train-00001-of-00002.parquet
    train/data-00000-of-00001.arrow           data/test-00000-of-00001.parquet

One column has images (the content of a file, in a field ``bytes``), another the labels: numbers
with names in the metadata, or text. A label of -1, or none, means that there is none. The package
``datasets`` is not needed.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fer3d.datasets.archives.names import member_path
from fer3d.datasets.entries import Entry, LeftOut, split_name
from fer3d.datasets.layouts.reading import needed, split_folders, visible
from fer3d.errors import UserError
from fer3d.files.labels import one_spelling

NAME = "hugging-face"
DICTIONARY, STATE = "dataset_dict.json", "state.json"
FOLDERS = (".", "data", "default")  # of Parquet files
LABEL_COLUMNS = ("label", "labels", "emotion", "expression")  # where the metadata names none
SUBJECT_COLUMNS = ("subject", "subject_id")
UNLABELLED = -1
ROWS_AT_ONCE = 64
_BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)
_BYTES = (pa.binary(), pa.large_binary(), pa.binary_view(), pa.null())  # null: of no row
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?")  # older ones end with a hash


_Batches = Callable[[list[str]], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class _Columns:
    image: str
    label: str
    names: Sequence[str] | None  # of the classes, by number
    subject: str | None

    def all(self) -> list[str]:
        return [name for name in (self.image, self.label, self.subject) if name]


@dataclass(frozen=True)
class _Row:
    image: bytes  # content of the file
    name: str  # of the file
    label: str  # "" if there is none
    subject: str | None


def recognises(source: Path) -> bool:
    """Whether a source is such a data set, or one of its Parquet files."""
    if source.is_file():
        return source.suffix.lower() == ".parquet" and _has_images(source)
    if (source / DICTIONARY).exists() or (source / STATE).exists():
        return True
    tables = _tables(source)
    return bool(tables) and (_SHARD.match(tables[0].name) is not None or _has_images(tables[0]))


def containers(source: Path) -> list[Path]:
    """The files with the rows, by split.

    Raises:
        UserError: there are none, or one is missing.
    """
    if source.is_file():
        return [source]
    if (source / DICTIONARY).exists():
        splits = _texts(source / DICTIONARY, "splits")
        files = [file for name in splits for file in _arrow_files(source / name)]
    elif (source / STATE).exists():
        files = _arrow_files(source)
    else:
        files = _tables(source)
        _check_complete(files)
    if not files:
        raise UserError(f"{source} has no Arrow or Parquet files")
    return files


def records(source: Path) -> Iterator[tuple[Entry, bytes]]:
    """Images in the order of files and rows.

    Raises:
        UserError: a file is broken, has no images or labels, or a label has no name.
    """
    for number, file in enumerate(containers(source)):
        split = _split(file, source)
        for place, row in enumerate(_rows(file)):
            path = member_path(number, file, place, row.name)
            reason = None if row.label else LeftOut.NO_LABEL
            yield Entry(path, row.label, split, row.subject, reason), row.image


def _rows(file: Path) -> Iterator[_Row]:
    try:
        with _opened(file) as (schema, batches):
            columns = _columns(schema, file)
            for batch in batches(columns.all()):
                for values in batch.to_pylist():
                    yield _row(values, columns, file)
    except _BROKEN as error:
        raise UserError(f"{file} cannot be read: {' '.join(str(error).split())}") from None


@contextmanager
def _opened(file: Path) -> Iterator[tuple[pa.Schema, _Batches]]:
    """The schema, and a function that reads some columns, a few rows at a time."""
    if file.suffix.lower() == ".parquet":
        with pq.ParquetFile(file) as table:
            yield table.schema_arrow, lambda names: table.iter_batches(ROWS_AT_ONCE, columns=names)
    else:
        with pa.memory_map(str(file)) as memory, pa.ipc.open_stream(memory) as stream:
            yield stream.schema, lambda names: _pieces(stream, names)


def _pieces(stream: pa.RecordBatchReader, columns: list[str]) -> Iterator[pa.RecordBatch]:
    for batch in stream:
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            yield batch.slice(start, ROWS_AT_ONCE).select(columns)


def _columns(schema: pa.Schema, file: Path) -> _Columns:
    features = _features(schema)
    image = _image_column(schema, features)
    if image is None:
        raise UserError(f"{file} has no column of images: expected a field `bytes` with files")
    label = _label_column(schema, features, file)
    numbered = _kind(features, label) == "ClassLabel"
    names = features[label].get("names") if numbered else None
    if numbered and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise UserError(f"{file} has no list of names for the labels in {label!r}")
    return _Columns(image, label, names, _first(SUBJECT_COLUMNS, schema.names))


def _label_column(schema: pa.Schema, features: Mapping[str, Any], file: Path) -> str:
    """The only column of classes, or the one with a known name."""
    classes = [name for name in schema.names if _kind(features, name) == "ClassLabel"]
    label = _first(LABEL_COLUMNS, classes or schema.names)
    if label is None and len(classes) > 1:
        raise UserError(
            f"{file} has several columns of classes ({', '.join(classes)}): name the one of the "
            f"expressions {LABEL_COLUMNS[0]}"
        )
    label = label or next(iter(classes), None)
    if label is None:
        raise UserError(f"{file} has no column of labels such as {', '.join(LABEL_COLUMNS)}")
    return label


def _image_column(schema: pa.Schema, features: Mapping[str, Any]) -> str | None:
    def has_files(name: str) -> bool:
        kind = schema.field(name).type
        place = kind.get_field_index("bytes") if pa.types.is_struct(kind) else -1
        return place >= 0 and kind.field(place).type in _BYTES

    columns = [name for name in schema.names if has_files(name)]
    known = [name for name in columns if _kind(features, name) == "Image"]
    return next(iter([*known, *columns]), None)


def _features(schema: pa.Schema) -> dict[str, Any]:
    """What the metadata says about each column."""
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return dict(found)
    except (KeyError, TypeError, ValueError):  # not written by `datasets`
        return {}


def _kind(features: Mapping[str, Any], column: str) -> str | None:
    feature = features.get(column)
    return feature.get("_type") if isinstance(feature, dict) else None


def _first(names: Sequence[str], columns: Sequence[str]) -> str | None:
    return next((name for name in names if name in columns), None)


def _row(values: Mapping[str, Any], columns: _Columns, file: Path) -> _Row:
    image = values[columns.image] or {}
    subject = values[columns.subject] if columns.subject else None
    return _Row(
        image=image.get("bytes") or b"",
        name=image.get("path") or "",
        label=_label(values[columns.label], columns.names, file),
        subject=None if subject is None else str(subject),
    )


def _label(value: Any, names: Sequence[str] | None, file: Path) -> str:
    """The label of a value in the column of labels, "" if there is none."""
    if value is None or value == UNLABELLED or value != value:  # NaN
        return ""
    if names is None and isinstance(value, str | int | float | Decimal):
        return one_spelling(str(value))
    if names is None or not isinstance(value, int):
        raise UserError(f"{file} has the label {value!r}, expected one text or number for an image")
    if not 0 <= value < len(names):
        raise UserError(f"{file} has the label {value}, but names for {len(names)} labels")
    return names[value]


def _has_images(file: Path) -> bool:
    try:
        schema = pq.read_schema(file)
    except _BROKEN:
        return False
    return _image_column(schema, _features(schema)) is not None


def _split(file: Path, source: Path) -> str | None:
    """The split in a shard's name or its folder's."""
    shard = _SHARD.fullmatch(file.stem)
    names = [shard[1] if shard else file.stem]
    if file.parent != source and source.is_dir():
        names.append(file.parent.name)
    return next(filter(None, map(split_name, names)), None)


def _tables(source: Path) -> list[Path]:
    """Parquet files of the first folder that has some, or of split folders."""
    for folder in FOLDERS:
        if files := visible(source / folder, "*.parquet"):
            return files
    return [file for folder in split_folders(source) for file in visible(folder, "*.parquet")]


def _check_complete(files: Sequence[Path]) -> None:
    shards = [(file, shard) for file in files if (shard := _SHARD.fullmatch(file.stem))]
    there = {(file.parent, shard[1], int(shard[2])) for file, shard in shards}
    for file, shard in shards:
        for number in range(int(shard[3])):
            if (file.parent, shard[1], number) not in there:
                name = f"{shard[1]}-{number:05}-of-{shard[3]}{file.suffix}"
                needed(file.with_name(name), f"a part of {shard[1]}")


def _arrow_files(folder: Path) -> list[Path]:
    names = _texts(folder / STATE, "_data_files", "filename")
    return [needed(folder / name, f"{folder / STATE} names it") for name in names]


def _texts(path: Path, key: str, inner: str | None = None) -> list[str]:
    """The list of texts, or of objects with a text, in a JSON document."""
    try:
        items = json.loads(needed(path, "it describes the data set").read_bytes())[key]
        texts = [item if inner is None else item[inner] for item in items]
        if not isinstance(items, list) or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"got {items!r:.100}")
        return texts
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise UserError(f"{path} has no list {key!r}: {' '.join(str(error).split())}") from None
