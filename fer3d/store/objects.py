"""Content-addressed objects: small results of slow computations, stored outside DVC's outs.

The name of an object is its key, the SHA-256 of everything that its content depends on. It is
stored below the root, in a folder named after the first two digits of the key; ``encoding`` defines
its bytes. All writers of a key write the same object, so no locks are needed.

    <root>/ab/cdef...                an object
    <root>/ab/cdef....damaged        a damaged object, kept for inspection
    <root>/ab/.cdef....1f2e.tmp      an object being written, or left by a killed writer

The store is a cache: if it fails, the run continues without it. Errors are part of the return
values, because lookups happen in worker processes, also on other machines.
"""

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fer3d.files.specs import Arrays
from fer3d.machine import addresses
from fer3d.store.encoding import DamagedObject, OtherFormat, decode, encode
from fer3d.store.folder_files import FolderFiles
from fer3d.store.places import Files

DAMAGED = ".damaged"
KEY_DIGITS = 64


@dataclass(frozen=True)
class Lookup:
    """The result of a lookup of several keys.

    Attributes:
        arrays: for each key its arrays, or None if they must be computed.
        damaged: full paths of damaged objects, which were renamed.
        trouble: why the store, or a part of it, could not be read. Equal problems have equal texts,
            so that a caller of many lookups can report each once.
    """

    arrays: list[dict[str, np.ndarray] | None]
    damaged: tuple[str, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True)
class Written:
    """Number of objects that were written, and why some were not."""

    count: int
    trouble: str | None = None


@dataclass(frozen=True)
class ObjectStore:
    """Objects at an address. Cheap to create and to pickle: nothing is opened before use.

    Attributes:
        address: absolute path of a folder, or a URL.
    """

    address: str

    @property
    def files(self) -> Files:
        """The files of the store, opened once per process."""
        return _files(self.address, os.getpid())

    def path(self, key: str) -> str:
        """The full path or URL of a key's object."""
        return self.files.address(name_of(key))

    def read_many(self, keys: Sequence[str]) -> Lookup:
        """Look up several keys.

        An object that does not match its key and digest is not used: it is renamed and reported,
        and its key counts as missing. An object in another format counts as missing too and is not
        changed; writing the key replaces it.
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
        if damaged:  # without permission to rename, the next reader finds it again
            self.files.set_aside(damaged, DAMAGED)
        paths = tuple(self.files.address(name) for name in damaged)
        return Lookup(arrays, paths, self._trouble("read", names, found))

    def write_many(self, producer: str, objects: Mapping[str, Arrays]) -> Written:
        """Write arrays under their keys. Existing objects are replaced.

        Args:
            producer: name and version of the code that computed them, for statistics.
            objects: key -> numeric or boolean arrays by name.
        """
        blobs = {name_of(key): encode(key, producer, arrays) for key, arrays in objects.items()}
        results = self.files.write(blobs)
        count = sum(result is None for result in results)
        return Written(count, self._trouble("written to", blobs, results))

    def _trouble(self, verb: str, names: Iterable[str], results: Sequence[object]) -> str | None:
        """One sentence about the first error among the results."""
        for name, result in zip(names, results, strict=True):
            if isinstance(result, Exception):
                return f"{self.address} cannot be {verb} ({reason(result, name)})"
        return None


def open_store(address: str) -> ObjectStore | None:
    """The object store at an address; None for "none".

    Args:
        address: a folder, which need not exist yet, or a URL: file://, s3:// or any other protocol
            of fsspec whose package is installed.

    Raises:
        UserError: the address is invalid, or its package is missing.
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
    """The key of an object's name; None for a file that is not an object."""
    key = name.replace("/", "", 1)
    whole = len(key) == KEY_DIGITS and set(key) <= set("0123456789abcdef")
    return key if whole and name == name_of(key) else None


def reason(error: Exception, name: str = "") -> str:
    """An error in one line, without the name of the file, so that equal errors have equal texts."""
    text = getattr(error, "strerror", None) or str(error)
    if not text:
        return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
    line = text.splitlines()[0][:200]
    return line.replace(name, "...") if name else line


@functools.lru_cache(maxsize=8)
def _files(address: str, process: int) -> Files:
    """The files of a store; a forked process cannot use the connections of its parent."""
    if "://" not in address:
        return FolderFiles(address)
    from fer3d.store.remote import RemoteFiles

    return RemoteFiles(address)
