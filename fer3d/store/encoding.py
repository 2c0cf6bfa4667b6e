"""Encoding of objects: safetensors files with the key, the producer and a digest.

The metadata have one entry, ``fer3d``: a JSON text with the object's key, its producer, and a
SHA-256 of both and of the names, dtypes, shapes and bytes of the arrays. Equal arrays give equal
bytes on every machine. Objects are not compressed, because the output of a compressor depends on
its version.
"""

import json
from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from fer3d.files.digests import sha256_arrays

LONGEST_HEADER = 4096  # bytes; enough to read the producer of an object

_ENTRY = "fer3d"
_OLDER = b"fer3d-object "  # first bytes of objects in the formats 1 and 2


class DamagedObject(Exception):
    """The content of an object does not match its key or its digest."""


class OtherFormat(Exception):
    """An object in the format of another version of fer3d."""


def encode(key: str, producer: str, arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an object; equal arguments give equal bytes.

    Raises:
        ValueError: an array is neither numeric nor boolean.
    """
    strange = {name: a.dtype for name, a in arrays.items() if a.dtype.kind not in "biuf"}
    if strange:
        raise ValueError(f"expected numeric or boolean arrays, got {strange}")
    plain = {n: np.asarray(a, a.dtype.newbyteorder("<"), order="C") for n, a in arrays.items()}
    return save(plain, {_ENTRY: _statement(key, producer, plain)})


def decode(key: str, data: bytes) -> dict[str, np.ndarray]:
    """The arrays of an object.

    Raises:
        DamagedObject: not a valid file, or its key or digest does not match.
        OtherFormat: the object has an older format.
    """
    if data.startswith(_OLDER):
        raise OtherFormat("format 1 or 2")
    try:
        arrays = load(data)
    except (SafetensorError, KeyError) as error:
        raise DamagedObject(f"not a valid safetensors file ({error})") from None
    found = _entry(data)
    if found != _statement(key, _producer(found), arrays):
        raise DamagedObject("key or digest does not match")
    return arrays


def read_producer(data: bytes) -> str:
    """The producer of an object, from its first ``LONGEST_HEADER`` bytes or more.

    Raises:
        DamagedObject: the header has no producer.
    """
    return _producer(_entry(data))


def _statement(key: str, producer: str, arrays: Mapping[str, np.ndarray]) -> str:
    """The metadata entry of an object."""
    names = sorted(arrays)
    digest = sha256_arrays(json.dumps([key, producer, names]), [arrays[name] for name in names])
    return json.dumps({"key": key, "producer": producer, "sha256": digest})


def _entry(data: bytes) -> str:
    """The metadata entry in a file's header: 8 bytes with its length, then JSON."""
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    try:
        return json.loads(header)["__metadata__"][_ENTRY]
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedObject(f"invalid metadata ({error})") from None


def _producer(statement: str) -> str:
    try:
        return str(json.loads(statement)["producer"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedObject(f"no producer in the metadata ({error})") from None
