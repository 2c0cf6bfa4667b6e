"""Maintenance of an object store: statistics, verification, pruning.

A store has 256 folders; they are processed one by one, which bounds the memory. ``prunable`` lists
files that can be removed, ``remove`` removes files.
"""

import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from fer3d.errors import UserError
from fer3d.machine.ordered_map import batches
from fer3d.store.encoding import LONGEST_HEADER, DamagedObject, read_producer
from fer3d.store.objects import DAMAGED, ObjectStore, key_of, reason
from fer3d.store.places import StoredFile

AT_ONCE = 256  # objects read or removed in one call
UNFINISHED_AGE_S = 24 * 3600.0  # a file that is still being written is younger
UNREADABLE = "unknown"  # producer of objects that are damaged or in another format

_UNITS_S = {"h": 3600.0, "d": 24 * 3600.0, "w": 7 * 24 * 3600.0}

Advance = Callable[[int], None]


class Kind(StrEnum):
    """Kind of a file in a store, by its name."""

    OBJECT = "object"
    DAMAGED = "damaged"  # renamed by a reader
    UNFINISHED = "unfinished"  # being written, or left by a killed writer
    OTHER = "other"  # not written by the store; never removed


@dataclass
class Amount:
    """Number and total size of files."""

    count: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        self.count += 1
        self.bytes += size


@dataclass
class Stats:
    """Content of a store: by kind of file, and objects by producer."""

    kinds: dict[Kind, Amount] = field(default_factory=lambda: {kind: Amount() for kind in Kind})
    producers: dict[str, Amount] = field(default_factory=dict)


@dataclass
class Verdict:
    """Result of reading every object.

    Attributes:
        whole: number of intact objects.
        skipped: number of objects in another format, or unreadable.
        damaged: full paths of damaged objects, which were renamed.
        trouble: why some could not be read.
    """

    whole: int = 0
    skipped: int = 0
    damaged: list[str] = field(default_factory=list)
    trouble: str | None = None


def kind_of(name: str) -> Kind:
    """Kind of a file, by its name relative to the root."""
    if key_of(name) is not None:
        return Kind.OBJECT
    if name.endswith(DAMAGED) and key_of(name.removesuffix(DAMAGED)) is not None:
        return Kind.DAMAGED
    if name.endswith(".tmp") and re.search(r"/\.?[0-9a-f]{62}\.", name):
        return Kind.UNFINISHED
    return Kind.OTHER


def folders(store: ObjectStore) -> list[str]:
    """The store's folders of objects.

    Raises:
        UserError: the store cannot be listed; the message says why.
    """
    try:
        found = store.files.folders()
    except OSError as error:
        raise UserError(
            f"the object store {store.address} cannot be listed ({reason(error)})"
        ) from None
    return [name for name in found if re.fullmatch("[0-9a-f]{2}", name)]


def stats(store: ObjectStore, parts: Collection[str], advance: Advance, *, read: bool) -> Stats:
    """Count the files in some folders of a store.

    Args:
        parts: of ``folders``.
        advance: called with 1 after each folder.
        read: read the header of every object, to count by producer.
    """
    result = Stats()
    for entries in _walk(store, parts, advance):
        for entry in entries:
            result.kinds[kind_of(entry.name)].add(entry.size)
        if read:
            objects = [entry for entry in entries if kind_of(entry.name) is Kind.OBJECT]
            for entry, producer in zip(objects, _producers(store, objects), strict=True):
                result.producers.setdefault(producer, Amount()).add(entry.size)
    result.producers = dict(sorted(result.producers.items()))
    return result


def verify(store: ObjectStore, parts: Collection[str], advance: Advance) -> Verdict:
    """Read every object in some folders; damaged ones are renamed."""
    result = Verdict()
    for entries in _walk(store, parts, advance):
        keys = [key for entry in entries if (key := key_of(entry.name)) is not None]
        for part in batches(len(keys), AT_ONCE):
            lookup = store.read_many(keys[part.start : part.stop])
            whole = sum(arrays is not None for arrays in lookup.arrays)
            result.whole += whole
            result.skipped += len(part) - whole - len(lookup.damaged)
            result.damaged.extend(lookup.damaged)
            result.trouble = result.trouble or lookup.trouble
    return result


def prunable(
    store: ObjectStore, parts: Collection[str], advance: Advance, *, older_than: float
) -> list[StoredFile]:
    """Old objects, old damaged objects, and files left by killed writers.

    Args:
        older_than: minimum time since a file was written, s. Reading does not make an object
            younger: S3 cannot record it, and in a folder it would cost a write per read.
    """
    now = time.time()
    return [
        entry
        for entries in _walk(store, parts, advance)
        for entry in entries
        if _may_go(entry, now - entry.modified, older_than)
    ]


def remove(
    store: ObjectStore, entries: Collection[StoredFile], advance: Advance
) -> tuple[int, str]:
    """Remove files of a store.

    Returns:
        Number of removed files, and why some were not removed, or "".
    """
    names, gone, trouble = [entry.name for entry in entries], 0, ""
    for part in batches(len(names), AT_ONCE):
        some = names[part.start : part.stop]
        results = store.files.remove(some)
        gone += sum(result is None for result in results)
        for name, result in zip(some, results, strict=True):
            trouble = trouble or ("" if result is None else reason(result, name))
        advance(len(some))
    return gone, trouble


def parse_age(text: str) -> float:
    """Seconds of an age such as 12h, 30d or 8w.

    Raises:
        UserError: not an age.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw])", text.strip())
    if not found:
        raise UserError(f"expected an age such as 12h, 30d or 8w, got {text!r}")
    return float(found[1]) * _UNITS_S[found[2]]


def _walk(
    store: ObjectStore, parts: Collection[str], advance: Advance
) -> Iterator[list[StoredFile]]:
    """The files of each folder, by name."""
    for folder in parts:
        try:
            yield sorted(store.files.entries(folder), key=lambda entry: entry.name)
        except OSError as error:
            address = store.files.address(folder)
            raise UserError(f"{address} cannot be listed ({reason(error, folder)})") from None
        advance(1)


def _producers(store: ObjectStore, objects: list[StoredFile]) -> Iterator[str]:
    for part in batches(len(objects), AT_ONCE):
        some = objects[part.start : part.stop]
        names = [entry.name for entry in some if entry.size]  # S3 has no range of 0 bytes
        heads = dict(zip(names, store.files.read(names, LONGEST_HEADER), strict=True))
        for entry in some:
            yield _producer(heads.get(entry.name))


def _producer(head: object) -> str:
    try:
        return read_producer(head) if isinstance(head, bytes) else UNREADABLE
    except DamagedObject:
        return UNREADABLE


def _may_go(entry: StoredFile, age: float, older_than: float) -> bool:
    kind = kind_of(entry.name)
    if kind is Kind.UNFINISHED:
        return age >= max(older_than, UNFINISHED_AGE_S)
    return kind is not Kind.OTHER and age >= older_than
