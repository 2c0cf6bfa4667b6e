"""Content-addressed objects: small results of slow computations, kept outside DVC's outs.

An object is named by its key alone, so whoever computes it writes the same bytes:

    <root>/ab/cdef…                      two digits of the key, then the rest

    "fer3d-object 1\\n"                   magic and format version
    64 hexadecimal digits "\\n"           SHA-256 of everything after this line
    {"key": …, "producer": …, "arrays": [[name, dtype, shape], …]} "\\n"
    the arrays' bytes, one after the other, C order, little endian
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer3d.store.atomic import write_bytes

_MAGIC = b"fer3d-object 1\n"
_DIGEST_LENGTH = 65  # 64 hexadecimal digits and a newline


class DamagedObject(Exception):
    """An object whose bytes are not what was once written under its key."""


def encode(key: str, producer: str, arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an object; equal arguments give equal bytes."""
    little = {name: np.asarray(a, dtype=a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    header = {
        "key": key,
        "producer": producer,
        "arrays": [[name, array.dtype.str, array.shape] for name, array in little.items()],
    }
    head = json.dumps(header, separators=(",", ":")).encode() + b"\n"
    body = head + b"".join(array.tobytes() for array in little.values())
    return _MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def decode(key: str, data: bytes) -> dict[str, np.ndarray]:
    """The arrays of an object.

    Raises:
        DamagedObject: wrong format, digest or key, or bytes missing.
    """
    start = len(_MAGIC) + _DIGEST_LENGTH
    if not data.startswith(_MAGIC) or len(data) < start:
        raise DamagedObject("not a fer3d object")
    body = data[start:]
    if hashlib.sha256(body).hexdigest().encode() + b"\n" != data[len(_MAGIC) : start]:
        raise DamagedObject("its digest does not match its bytes")
    head, _, rest = body.partition(b"\n")
    header = json.loads(head)
    if header["key"] != key:
        raise DamagedObject("it was written under another key")
    arrays, offset = {}, 0
    for name, dtype, shape in header["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(rest, dtype, count, offset).reshape(shape)
        arrays[name] = array
        offset += array.nbytes
    return arrays


@dataclass(frozen=True)
class ObjectStore:
    """Objects in a local folder; safe to share between processes that write at the same time."""

    root: Path

    def path(self, key: str) -> Path:
        """Where the object of a key lies."""
        return self.root / key[:2] / key[2:]

    def read(self, key: str) -> dict[str, np.ndarray] | None:
        """The arrays under a key, or None where there are none.

        A damaged object is moved aside, next to where it lay, and counts as absent.
        """
        path = self.path(key)
        try:
            return decode(key, path.read_bytes())
        except FileNotFoundError:
            return None
        except DamagedObject:
            path.replace(path.with_name(path.name + ".damaged"))
            return None

    def read_many(self, keys: Sequence[str]) -> list[dict[str, np.ndarray] | None]:
        """``read`` for each key in turn."""
        return [self.read(key) for key in keys]

    def write(self, key: str, producer: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays under a key, atomically; an object that is there already is replaced."""
        write_bytes(self.path(key), encode(key, producer, arrays), sync=False)
