"""Keeping an object store in hand: what is in it, whether it is whole, what may go.

Everything goes folder by folder, at most one of 256 at a time in memory. ``prunable`` says what may
go, ``remove`` removes what it is told.
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
from fer3d.store.places import Entry

AT_ONCE = 256  # objects read or removed in one call
UNFINISHED_AGE_S = 24 * 3600.0  # a file still being written is younger
UNREADABLE = "unknown"  # the producer of a damaged object, or of one of another format

_UNITS_S = {"h": 3600.0, "d": 24 * 3600.0, "w": 7 * 24 * 3600.0}

Advance = Callable[[int], None]


class Kind(StrEnum):
    """What a file in a store is, by its name."""

    OBJECT = "object"
    DAMAGED = "damaged"  # set aside by a reader
    UNFINISHED = "unfinished"  # being written, or left by a writer that was killed
    OTHER = "other"  # not the store's; never touched


@dataclass
class Amount:
    """A number of files and their bytes."""

    count: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        self.count += 1
        self.bytes += size


@dataclass
class Stats:
    """What a store holds: by kind of file, and its objects by who made them."""

    kinds: dict[Kind, Amount] = field(default_factory=lambda: {kind: Amount() for kind in Kind})
    producers: dict[str, Amount] = field(default_factory=dict)


@dataclass
class Verdict:
    """What reading every object found.

    Attributes:
        whole: objects that are what was written.
        skipped: objects of another format, or that could not be read.
        damaged: full paths of those that were set aside.
        trouble: why some could not be read.
    """

    whole: int = 0
    skipped: int = 0
    damaged: list[str] = field(default_factory=list)
    trouble: str | None = None


def kind_of(name: str) -> Kind:
    """What a file of a store is, by its name relative to the root."""
    if key_of(name) is not None:
        return Kind.OBJECT
    if name.endswith(DAMAGED) and key_of(name.removesuffix(DAMAGED)) is not None:
        return Kind.DAMAGED
    if name.endswith(".tmp") and re.search(r"/\.?[0-9a-f]{62}\.", name):
        return Kind.UNFINISHED
    return Kind.OTHER


def folders(store: ObjectStore) -> list[str]:
    """The store's folders, for whoever wants to go through it.

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
    """Count what is in some folders of a store.

    Args:
        parts: of ``folders``.
        advance: told of every folder that is done.
        read: read the start of every object for its producer; without it there is none.
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
    """Read every object in some folders and set the damaged ones aside."""
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
) -> list[Entry]:
    """Old objects, old damaged ones, and what killed writers left.

    Args:
        older_than: seconds since a file was written, at least. Reading an object does not make it
            younger: S3 cannot note that, and a folder would pay for it with a write a read.
    """
    now = time.time()
    return [
        entry
        for entries in _walk(store, parts, advance)
        for entry in entries
        if _may_go(entry, now - entry.modified, older_than)
    ]


def remove(store: ObjectStore, entries: Collection[Entry], advance: Advance) -> tuple[int, str]:
    """Remove files of a store.

    Returns:
        How many are gone, and why not all of them, or "".
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
        UserError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw])", text.strip())
    if not found:
        raise UserError(f"expected an age in hours, days or weeks, as 12h, 30d or 8w, got {text!r}")
    return float(found[1]) * _UNITS_S[found[2]]


def _walk(store: ObjectStore, parts: Collection[str], advance: Advance) -> Iterator[list[Entry]]:
    """The files of each folder, by name."""
    for folder in parts:
        try:
            yield sorted(store.files.entries(folder), key=lambda entry: entry.name)
        except OSError as error:
            address = store.files.address(folder)
            raise UserError(f"{address} cannot be listed ({reason(error, folder)})") from None
        advance(1)


def _producers(store: ObjectStore, objects: list[Entry]) -> Iterator[str]:
    for part in batches(len(objects), AT_ONCE):
        some = objects[part.start : part.stop]
        names = [entry.name for entry in some if entry.size]  # of nothing S3 gives no part
        heads = dict(zip(names, store.files.read(names, LONGEST_HEADER), strict=True))
        for entry in some:
            yield _producer(heads.get(entry.name))


def _producer(head: object) -> str:
    try:
        return read_producer(head) if isinstance(head, bytes) else UNREADABLE
    except DamagedObject:
        return UNREADABLE


def _may_go(entry: Entry, age: float, older_than: float) -> bool:
    kind = kind_of(entry.name)
    if kind is Kind.UNFINISHED:
        return age >= max(older_than, UNFINISHED_AGE_S)
    return kind is not Kind.OTHER and age >= older_than
