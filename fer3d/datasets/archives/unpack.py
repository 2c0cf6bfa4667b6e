"""Unpacks the images of an archive into a folder, once; again only if the archive has changed.

    folder/
      0000/fer0000000.pgm      the images
      entries.parquet          an entry for each
      unpacked.json            what was unpacked, and by which code

The folder is renamed into place when it is complete.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

import fer3d.datasets.archives
from fer3d.datasets.entries import Entry, LeftOut
from fer3d.datasets.signatures import settled, signature
from fer3d.errors import UserError
from fer3d.files.atomic import atomic_folder, write_json
from fer3d.files.digests import code_digests, sha256_json

ENTRIES, UNPACKED = "entries.parquet", "unpacked.json"
ENTRIES_AT_ONCE = 10_000
_COLUMNS = [field.name for field in fields(Entry)]
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in _COLUMNS if name != "votes"]
    + [("votes", pa.map_(pa.string(), pa.float64()))]
)


class Archive(Protocol):
    """A layout whose images are in containers, see ``fer3d.datasets.archives``."""

    NAME: str

    def recognises(self, source: Path) -> bool:
        """Whether a source has the layout."""

    def containers(self, source: Path) -> list[Path]:
        """The files that hold the images."""

    def records(self, source: Path) -> Iterator[tuple[Entry, bytes]]:
        """The entry and the content of each image, with paths that are unique."""


def unpacked_folder(source: Path, kept: Path) -> Path:
    """The folder to which a source is unpacked; the same at each run.

    Args:
        source: folder or file.
        kept: folder for what is kept between runs.
    """
    place = sha256_json({"source": str(source.absolute())})
    return kept / "unpacked" / f"{source.name}-{place[:12]}"


def unpack(archive: Archive, source: Path, folder: Path) -> list[Entry]:
    """The entries of an archive, with their images in ``folder``.

    Raises:
        UserError: the archive is incomplete or broken, or has no images.
    """
    files = archive.containers(source)
    stamp = _stamp(archive, files)
    if stamp["settled"] and _read_stamp(folder) == stamp:
        return list(_read_entries(folder / ENTRIES))
    with atomic_folder(folder, many=True) as temporary:
        entries = list(_write_images(archive.records(source), temporary))
        if not entries:
            raise UserError(f"{source} has no images")
        _write_entries(entries, temporary / ENTRIES)
        write_json(temporary / UNPACKED, stamp)
    return entries


def _stamp(archive: Archive, files: list[Path]) -> dict[str, Any]:
    """Signatures of the files of an archive, and digests of the code.

    ``settled`` is false if a file changed just now: it may change again without another time.
    """
    signatures = {str(file.absolute()): signature(file) for file in files}
    return {
        "layout": archive.NAME,
        "files": signatures,
        "code": code_digests(fer3d.datasets, fer3d.datasets.archives),
        "settled": all(mark is not None and settled(mark) for mark in signatures.values()),
    }


def _read_stamp(folder: Path) -> Any:
    try:
        return json.loads((folder / UNPACKED).read_bytes())
    except (OSError, ValueError):  # not unpacked yet, or damaged
        return None


def _write_images(records: Iterable[tuple[Entry, bytes]], folder: Path) -> Iterator[Entry]:
    for entry, data in records:
        path = folder / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(data)
        yield entry


def _write_entries(entries: list[Entry], path: Path) -> None:
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        for start in range(0, len(entries), ENTRIES_AT_ONCE):
            rows = [_values(entry) for entry in entries[start : start + ENTRIES_AT_ONCE]]
            writer.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))


def _values(entry: Entry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in _COLUMNS}
    return values | {"votes": list(entry.votes.items()) if entry.votes else None}


def _read_entries(path: Path) -> Iterator[Entry]:
    with pq.ParquetFile(path) as table:
        for batch in table.iter_batches(ENTRIES_AT_ONCE):
            for row in batch.to_pylist():
                row["left_out"] = LeftOut(row["left_out"]) if row["left_out"] else None
                row["votes"] = dict(row["votes"]) if row["votes"] else None
                yield Entry(**row)
