"""Content-addressed objects: small results of slow computations, kept outside DVC's outs.

An object is named by its key alone, the SHA-256 of all that its content depends on. It lies in
the store's root under the first two digits of the key, then the rest; see ``encoding`` for its
bytes. Whoever computes a key writes the same object, so writers need no locks.

    <root>/ab/cdef...                an object
    <root>/ab/cdef....damaged        one that was found damaged, kept for whoever asks why
    <root>/ab/.cdef....1f2e.tmp      one that is being written, or that a killed writer left

The store is a cache. Whatever is wrong with it, a run goes on without it; what was wrong travels
back in the return values, for lookups happen in worker processes, on other machines too.
"""

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fer3d.machine import addresses
from fer3d.store.encoding import DamagedObject, OtherFormat, decode, encode
from fer3d.store.folder import FolderFiles
from fer3d.store.places import Files

DAMAGED = ".damaged"
KEY_DIGITS = 64

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Lookup:
    """What a store gave for some keys.

    Attributes:
        arrays: for each key in turn its arrays, or None where they must be computed.
        damaged: full paths of objects that were found damaged and set aside.
        trouble: why the store, or a part of it, could not be read; the same words for the same
            trouble, so that whoever collects many lookups can say it once.
    """

    arrays: list[dict[str, np.ndarray] | None]
    damaged: tuple[str, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True)
class Written:
    """How many objects were kept, and why not all of them."""

    count: int
    trouble: str | None = None


@dataclass(frozen=True)
class ObjectStore:
    """Objects at an address. Cheap to make and to pickle: nothing is opened before it is used.

    Attributes:
        address: absolute path of a folder, or a URL.
    """

    address: str

    @property
    def files(self) -> Files:
        """The place where the objects lie, as this process reaches it."""
        return _files(self.address, os.getpid())

    def path(self, key: str) -> str:
        """The full path or URL of a key's object."""
        return self.files.address(name_of(key))

    def read_many(self, keys: Sequence[str]) -> Lookup:
        """Look keys up.

        An object whose bytes are not what was written under its key is never used: it is renamed,
        reported, and its key counts as missing. An object of another format counts as missing too
        and is left alone; writing the key replaces it.
        """
        names = [name_of(key) for key in keys]
        found = self.files.read(names)
        arrays: list[dict[str, np.ndarray] | None] = [None] * len(keys)
        damaged: dict[str, bytes] = {}
        for i, data in enumerate(found):
            if isinstance(data, bytes):
                try:
                    arrays[i] = decode(keys[i], data)
                except DamagedObject:
                    damaged[names[i]] = data
                except OtherFormat:
                    pass
        if damaged:  # where setting aside is not allowed they are found again next time
            self.files.set_aside(damaged, DAMAGED)
        paths = tuple(self.files.address(name) for name in damaged)
        return Lookup(arrays, paths, self._trouble("read", names, found))

    def write_many(self, producer: str, objects: Mapping[str, Arrays]) -> Written:
        """Keep arrays under their keys; an object that is there already is replaced.

        Args:
            producer: name and version of what computed them, for people.
            objects: key -> arrays of numbers or truth values, by name.
        """
        blobs = {name_of(key): encode(key, producer, arrays) for key, arrays in objects.items()}
        results = self.files.write(blobs)
        count = sum(result is None for result in results)
        return Written(count, self._trouble("written to", blobs, results))

    def _trouble(self, verb: str, names: Iterable[str], results: Sequence[object]) -> str | None:
        """One sentence about the first of the results that is an error."""
        for name, result in zip(names, results, strict=True):
            if isinstance(result, Exception):
                return f"{self.address} cannot be {verb} ({reason(result, name)})"
        return None


def open_store(address: str) -> ObjectStore | None:
    """The object store at an address; None for "none".

    Args:
        address: a folder, which need not be there yet, or a URL: file://, s3:// or any other
            protocol of fsspec whose package is installed.

    Raises:
        UserError: the address makes no sense, or its package is missing.
    """
    if address == addresses.SWITCHED_OFF:
        return None
    protocol, place = addresses.parse(address)
    if protocol != "file":
        addresses.check_package(protocol)
    return ObjectStore(place)


def name_of(key: str) -> str:
    """The name of a key's object in its store."""
    return f"{key[:2]}/{key[2:]}"


def key_of(name: str) -> str | None:
    """The key of an object's name; None for a file that is no object."""
    key = name.replace("/", "", 1)
    whole = len(key) == KEY_DIGITS and set(key) <= set("0123456789abcdef")
    return key if whole and name == name_of(key) else None


def reason(error: Exception, name: str = "") -> str:
    """An error in a few words, without the name of the file that happened to meet it first."""
    text = getattr(error, "strerror", None) or str(error)
    if not text:
        return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
    line = text.splitlines()[0][:200]
    return line.replace(name, "...") if name else line


@functools.lru_cache(maxsize=8)
def _files(address: str, process: int) -> Files:
    """Connections belong to the process that made them: a forked one makes its own."""
    if "://" not in address:
        return FolderFiles(address)
    from fer3d.store.remote import RemoteFiles

    return RemoteFiles(address)
