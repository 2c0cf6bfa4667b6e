"""Where a slow stage's rows come from: packed arrays, or image files that a manifest names."""

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

# DVC does not see images outside `ingest.source`, as of a list.
_AGAIN = "run `dvc repro --force --single-item ingest`, then `dvc repro`"

Batch = Mapping[str, Any]
"""Inputs of n rows by name: arrays (n, ...), or n arrays of different lengths, or n paths."""


class Part(Protocol):
    """Some rows, as a worker process is told of them: where they are, not what they hold."""

    def read(self) -> Batch:
        """The rows' inputs."""


class RowSource(Protocol):
    """The rows of a data set."""

    def __len__(self) -> int:
        """N."""

    def groups(self, rows: np.ndarray, most: int) -> list[np.ndarray]:
        """Row numbers in groups that are best read and computed together, ``most`` each or less."""

    def part(self, rows: np.ndarray) -> Part:
        """Some rows, picklable and small."""


@dataclass(frozen=True)
class PackedSource:
    """Rows of a packed folder.

    Attributes:
        folder: the packed folder.
        names: of the arrays that are read.
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
    """Image files, one a row.

    Attributes:
        root: the folder that paths start from.
        paths: (N,) relative to ``root``, or absolute.
        sha1s: (N,) of each file's bytes when it was ingested.
        sizes: (N, 2) height and width, px.
        pixels: most px in a group of images, which bounds its memory.
    """

    root: Path
    paths: Sequence[str]
    sha1s: Sequence[str]
    sizes: np.ndarray
    pixels: int

    def __len__(self) -> int:
        return len(self.paths)

    def groups(self, rows: np.ndarray, most: int) -> list[np.ndarray]:
        """Neighbours in height, then width: images of one size are computed together."""
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
        """``file``: each file's bytes, (length,) uint8; ``path``: where it lies.

        Raises:
            UserError: a file changed or vanished since it was ingested; the message names it.
        """
        files = [_read(path, sha1) for path, sha1 in zip(self.paths, self.sha1s, strict=True)]
        return {"file": files, "path": self.paths}


def _read(path: Path, sha1: str) -> np.ndarray:
    try:
        data = images.read_file(path)
    except images.Rejected as error:
        raise unreadable(path, error) from None
    if sha1_bytes(data) != sha1:
        raise UserError(f"{path} has changed since it was ingested: {_AGAIN}")
    return np.frombuffer(data, np.uint8)


def unreadable(path: Path, error: images.Rejected) -> UserError:
    """What to say of a file that was an image when it was ingested."""
    return UserError(f"{path} cannot be read any more ({error.detail}): {_AGAIN}")
