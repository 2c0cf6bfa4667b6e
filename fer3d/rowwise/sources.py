"""Input rows of a slow stage: packed arrays, or the image files of a manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from fer3d.errors import UserError
from fer3d.files import images
from fer3d.files.digests import sha1_bytes
from fer3d.files.packed import open_arrays
from fer3d.machine.ordered_map import batches

_AGAIN = "run `dvc repro`"

Batch = Mapping[str, Any]
"""Inputs of n rows by name: an array (n, ...), n arrays of different lengths, or n paths."""


class RowPart(Protocol):
    """References to some rows, small enough to send to a worker process, which reads them."""

    def read(self) -> Batch:
        """Read the inputs of the rows."""


class RowSource(Protocol):
    """The rows of a data set."""

    def __len__(self) -> int:
        """N."""

    def groups(self, rows: np.ndarray, most: int) -> list[np.ndarray]:
        """Split row numbers into groups of at most ``most`` to be read and computed together."""

    def part(self, rows: np.ndarray) -> RowPart:
        """References to some rows, picklable and small."""


@dataclass(frozen=True)
class PackedSource:
    """Rows of a packed folder.

    Attributes:
        folder: the packed folder.
        names: names of the arrays to read.
    """

    folder: Path
    names: Sequence[str]

    def __len__(self) -> int:
        return len(next(iter(open_arrays(self.folder, *self.names).values())))

    def groups(self, rows: np.ndarray, most: int) -> list[np.ndarray]:
        return [rows[part.start : part.stop] for part in batches(len(rows), most)]

    def part(self, rows: np.ndarray) -> "PackedPart":
        return PackedPart(self.folder, self.names, rows)


@dataclass(frozen=True)
class PackedPart:
    """Some rows of a packed folder."""

    folder: Path
    names: Sequence[str]
    rows: np.ndarray

    def read(self) -> dict[str, np.ndarray]:
        """Arrays (n, ...) by name, in memory."""
        return {n: a[self.rows] for n, a in open_arrays(self.folder, *self.names).items()}


@dataclass(frozen=True)
class FileSource:
    """Image files, one per row.

    Attributes:
        root: folder of relative paths.
        paths: (N,) relative to ``root``, or absolute.
        sha1s: (N,) SHA-1 of each file when it was ingested.
        sizes: (N, 2) height and width, px.
        pixels: largest number of pixels in a group of images; bounds the memory.
    """

    root: Path
    paths: Sequence[str]
    sha1s: Sequence[str]
    sizes: np.ndarray
    pixels: int

    def __len__(self) -> int:
        return len(self.paths)

    def groups(self, rows: np.ndarray, most: int) -> list[np.ndarray]:
        """Groups in the order of height and width, so that images of one size are batched."""
        height, width = self.sizes[rows].T
        areas = height * width
        groups: list[list[int]] = []
        room = 0
        for i in np.lexsort((width, height)):
            if not groups or len(groups[-1]) == most or areas[i] > room:
                groups.append([])
                room = self.pixels
            groups[-1].append(int(rows[i]))
            room -= int(areas[i])
        return [np.array(group) for group in groups]

    def part(self, rows: np.ndarray) -> "FilePart":
        paths = tuple(self.root / self.paths[row] for row in rows)
        return FilePart(paths, tuple(self.sha1s[row] for row in rows))


@dataclass(frozen=True)
class FilePart:
    """Some image files."""

    paths: tuple[Path, ...]
    sha1s: tuple[str, ...]

    def read(self) -> dict[str, Sequence[Any]]:
        """``file``: the bytes of each file, (length,) uint8; ``path``: its path.

        Raises:
            UserError: a file was changed or removed since it was ingested; the message names it.
        """
        files = [_read(path, sha1) for path, sha1 in zip(self.paths, self.sha1s, strict=True)]
        return {"file": files, "path": self.paths}


def _read(path: Path, sha1: str) -> np.ndarray:
    try:
        data = images.read_file(path)
    except images.Rejected as error:
        raise _unreadable(path, error) from None
    if sha1_bytes(data) != sha1:
        raise UserError(f"{path} has changed since it was ingested: {_AGAIN}")
    return np.frombuffer(data, np.uint8)


def decode_file(file: np.ndarray, path: Path, max_pixels: int) -> np.ndarray:
    """Decode a file of a ``FilePart``.

    Args:
        file: (length,) uint8, its bytes.
        path: for the error message.
        max_pixels: limit of ``fer3d.files.images.decode``.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        UserError: the file cannot be decoded.
    """
    try:
        return images.decode(file.tobytes(), max_pixels=max_pixels)
    except images.Rejected as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: images.Rejected) -> UserError:
    """The error for a file that was readable when it was ingested and no longer is."""
    return UserError(f"{path} can no longer be read ({error.detail}): {_AGAIN}")
