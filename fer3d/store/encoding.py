r"""The bytes of an object: arrays that say what they are and whether they are whole.

    "fer3d-object 2\n"                            magic and format version
    64 hexadecimal digits "\n"                    SHA-256 of all other bytes of the object
    64 hexadecimal digits "\n"                    its key
    {"producer": ..., "arrays": [[name, dtype, shape], ...]} "\n"
    the arrays' bytes, one after the other, C order, little endian; truth values as bits,
    eight to a byte

Equal arrays give equal bytes, so whoever computes an object writes the same one; this is why they
are not compressed, as the bytes of a compressor change with its version. The first two lines are
the same in every format: a whole object of another format is told from a damaged one.
"""

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

FORMAT = 2
LONGEST_HEADER = 4096  # bytes; enough to read of an object in order to know its producer

_MAGIC = b"fer3d-object %d\n"
_OURS = _MAGIC % FORMAT
_LINE = 65  # 64 hexadecimal digits and a newline
_KEY = len(_OURS) + _LINE  # where the key starts
_HEADER = _KEY + _LINE  # where the header starts
_DTYPE = re.compile(r"[<|][biuf][1248]")
_LARGEST_SIDE = 2**31
_MOST_SIDES = 8


class DamagedObject(Exception):
    """An object whose bytes are not what was once written under its key."""


class OtherFormat(Exception):
    """A whole object, written by a version of fer3d that keeps its results in another format."""


@dataclass(frozen=True)
class ArraySpec:
    """One array of an object: what it is, its number of values, how many bytes it takes there."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    bits: bool
    count: int
    size: int


@dataclass(frozen=True)
class Header:
    """What an object says of itself; the same for all objects of one producer."""

    producer: str
    arrays: tuple[ArraySpec, ...]


def encode(key: str, producer: str, arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an object; equal arguments give equal bytes.

    Raises:
        ValueError: a key that is no SHA-256, an array that is neither of numbers nor of truth
            values, or a header that is too long.
    """
    little = {name: np.asarray(a, dtype=a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    specs = [[name, array.dtype.str, list(array.shape)] for name, array in little.items()]
    header = {"producer": producer, "arrays": specs}
    head = json.dumps(header, separators=(",", ":")).encode() + b"\n"
    try:
        _parse(head)
    except DamagedObject as error:
        raise ValueError(f"an object holds numbers and truth values: {error}") from None
    if len(key) != _LINE - 1 or len(head) > LONGEST_HEADER - _HEADER:
        raise ValueError(f"expected a key of 64 digits and a short header, got {key}, {head!r}")
    body = b"".join([key.encode(), b"\n", head, *map(_payload, little.values())])
    return _OURS + _digest(_OURS, body) + body


def decode(key: str, data: bytes) -> dict[str, np.ndarray]:
    """The arrays of an object, read-only.

    Raises:
        DamagedObject: wrong digest or key, bytes missing or too many, or a header without sense.
        OtherFormat: the object is whole, and of another format.
    """
    if not data.startswith(_OURS):
        raise _not_ours(data)
    if data[len(_OURS) : _KEY] != _digest(_OURS, memoryview(data)[_KEY:]):
        raise DamagedObject("its digest does not match its bytes")
    if data[_KEY:_HEADER] != key.encode() + b"\n":
        raise DamagedObject("it was written under another key")
    offset = data.find(b"\n", _HEADER) + 1
    specs = _parse(data[_HEADER:offset]).arrays
    if offset + sum(spec.size for spec in specs) != len(data):
        raise DamagedObject("it has not as many bytes as its header says")
    arrays = {}
    for spec in specs:
        arrays[spec.name] = _array(data, offset, spec)
        offset += spec.size
    return arrays


def read_header(data: bytes) -> Header:
    """The header of an object of this format, from its first ``LONGEST_HEADER`` bytes or more.

    Raises:
        DamagedObject: there is none.
    """
    if not data.startswith(_OURS):
        raise DamagedObject("it is no object of this format")
    return _parse(data[_HEADER : data.find(b"\n", _HEADER) + 1])


@functools.lru_cache(maxsize=256)
def _parse(head: bytes) -> Header:
    """The header's line; a reader of many objects of one producer parses it once."""
    try:
        values = json.loads(head)
        producer, specs = values["producer"], values["arrays"]
        header = Header(producer, tuple(_spec(*spec) for spec in specs))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedObject(f"its header makes no sense ({error})") from None
    if not isinstance(producer, str):
        raise DamagedObject("its header names no producer")
    return header


def _spec(name: object, dtype: object, shape: object) -> ArraySpec:
    if not (isinstance(name, str) and isinstance(dtype, str) and _DTYPE.fullmatch(dtype)):
        raise ValueError(f"an array {name!r} of {dtype!r}")
    if not isinstance(shape, list) or len(shape) > _MOST_SIDES:
        raise ValueError(f"{name} has the shape {shape!r}")
    if not all(type(side) is int and 0 <= side < _LARGEST_SIDE for side in shape):
        raise ValueError(f"{name} has the shape {shape}")
    count, kind = prod(shape), np.dtype(dtype)
    bits = kind.kind == "b"
    size = (count + 7) // 8 if bits else count * kind.itemsize
    return ArraySpec(name, kind, tuple(shape), bits, count, size)


def _payload(array: np.ndarray) -> bytes:
    return np.packbits(array).tobytes() if array.dtype == bool else array.tobytes()


def _array(data: bytes, offset: int, spec: ArraySpec) -> np.ndarray:
    if not spec.bits:
        return np.frombuffer(data, spec.dtype, spec.count, offset).reshape(spec.shape)
    packed = np.frombuffer(data, np.uint8, spec.size, offset)
    values = np.unpackbits(packed, count=spec.count).view(bool).reshape(spec.shape)
    values.flags.writeable = False
    return values


def _digest(magic: bytes, body: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(magic)
    digest.update(body)
    return digest.hexdigest().encode() + b"\n"


def _not_ours(data: bytes) -> DamagedObject | OtherFormat:
    """Why an object does not start as one of this format."""
    magic, _, rest = data.partition(b"\n")
    if not re.fullmatch(rb"fer3d-object [0-9]{1,4}", magic):
        return DamagedObject("it is not a fer3d object")
    covered = b"" if magic + b"\n" == _MAGIC % 1 else magic + b"\n"  # format 1 left its magic out
    if rest[:_LINE] != _digest(covered, rest[_LINE:]):
        return DamagedObject("its digest does not match its bytes")
    return OtherFormat(f"it has format {magic.split()[1].decode()}, not {FORMAT}")
