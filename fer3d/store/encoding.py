"""The bytes of an object: a safetensors file that says who made it and whether it is whole.

Its metadata has one entry, ``fer3d``, a JSON text with the object's key, its producer, and a
SHA-256 over both and the arrays' names, dtypes, shapes and bytes. Equal arrays give equal bytes, so
whoever computes an object writes the same one; this is why they are not compressed, as the bytes of
a compressor change with its version.
"""

import json
from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from fer3d.files.digests import sha256_arrays

LONGEST_HEADER = 4096  # bytes; enough to read of an object in order to know its producer

_ENTRY = "fer3d"
_OLDER = b"fer3d-object "  # how objects of formats 1 and 2 start


class DamagedObject(Exception):
    """An object whose bytes are not what was once written under its key."""


class OtherFormat(Exception):
    """An object of a version of fer3d that kept its results in another format."""


def encode(key: str, producer: str, arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an object; equal arguments give equal bytes.

    Raises:
        ValueError: an array that is neither of numbers nor of truth values.
    """
    strange = {name: a.dtype for name, a in arrays.items() if a.dtype.kind not in "biuf"}
    if strange:
        raise ValueError(f"an object holds numbers and truth values, got {strange}")
    plain = {n: np.asarray(a, a.dtype.newbyteorder("<"), order="C") for n, a in arrays.items()}
    return save(plain, {_ENTRY: _statement(key, producer, plain)})


def decode(key: str, data: bytes) -> dict[str, np.ndarray]:
    """The arrays of an object.

    Raises:
        DamagedObject: no safetensors file, or another key or digest than that of its arrays.
        OtherFormat: the object is of an older format.
    """
    if data.startswith(_OLDER):
        raise OtherFormat("it has format 1 or 2")
    try:
        arrays = load(data)
    except (SafetensorError, KeyError) as error:
        raise DamagedObject(f"it is no safetensors file of ours ({error})") from None
    found = _entry(data)
    if found != _statement(key, _producer(found), arrays):
        raise DamagedObject("its key or its digest does not match")
    return arrays


def read_producer(data: bytes) -> str:
    """The producer of an object, from its first ``LONGEST_HEADER`` bytes or more.

    Raises:
        DamagedObject: it names none.
    """
    return _producer(_entry(data))


def _statement(key: str, producer: str, arrays: Mapping[str, np.ndarray]) -> str:
    """What an object says of itself."""
    names = sorted(arrays)
    digest = sha256_arrays(json.dumps([key, producer, names]), [arrays[name] for name in names])
    return json.dumps({"key": key, "producer": producer, "sha256": digest})


def _entry(data: bytes) -> str:
    """The statement in a file's header: the length of the header, then JSON."""
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    try:
        return json.loads(header)["__metadata__"][_ENTRY]
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedObject(f"its metadata say nothing of it ({error})") from None


def _producer(statement: str) -> str:
    try:
        return str(json.loads(statement)["producer"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedObject(f"it names no producer ({error})") from None
