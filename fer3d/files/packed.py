"""Packed arrays: a folder of .npy files of shape (N, ...) with a manifest of N rows.

    folder/
      images.npy          (N, S, S, 3) uint8      row i belongs to row i of the manifest
      points.npy          (N, 5, 2) float32
      manifest.parquet    written last

Files are memory-mapped for reading and written in place, so a folder can be larger than memory, and
several processes can write its rows at the same time.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import pandas as pd
from numpy.lib import format as npy

from fer3d.errors import UserError
from fer3d.files import manifest
from fer3d.files.atomic import atomic_folder
from fer3d.files.specs import Spec

MANIFEST = "manifest.parquet"
ROWS_AT_ONCE = 512  # rows that are copied together


@dataclass(frozen=True)
class RowFiles:
    """Packed arrays while they are written, by any process that can access their folder.

    Rows are written with ``write``, not through a memory map: they take no memory, a full disk is
    an error instead of a signal. Files are opened for writing alone: an NFS client that may read
    fills up the page around a row with what it read, over the rows of other machines.

    Attributes:
        folder: folder of the files.
        rows: number of rows, N.
        specs: shape and dtype of each file.
    """

    folder: Path
    rows: int
    specs: Mapping[str, Spec]

    def write(
        self,
        rows: Sequence[int] | np.ndarray,
        values: Mapping[str, Sequence[np.ndarray] | np.ndarray],
    ) -> None:
        """Write some rows: for each declared name one array of the row's shape per row.

        Raises:
            ValueError: other names, shapes or dtypes than declared.
            UserError: this machine cannot access the folder.
        """
        if set(values) != set(self.specs):
            raise ValueError(f"expected arrays {sorted(self.specs)}, got {sorted(values)}")
        for name, spec in self.specs.items():
            stacked = np.ascontiguousarray(values[name])
            if stacked.shape != (len(rows), *spec.shape) or stacked.dtype != np.dtype(spec.dtype):
                raise ValueError(
                    f"{name}: expected rows of {spec.shape} {spec.dtype}, "
                    f"got {stacked.shape[1:]} {stacked.dtype}"
                )
            self._write(name, rows, stacked)

    def create(self) -> None:
        """Create the files, filled with zeros."""
        for name, spec in self.specs.items():
            with self._path(name).open("wb") as file:
                npy.write_array_header_1_0(file, _header(self.rows, spec))
                file.truncate(file.tell() + self.rows * spec.nbytes)

    def open(self) -> dict[str, np.ndarray]:
        """The arrays written so far, (N, ...) each, memory-mapped and read-only."""
        return {name: _open(self._path(name)) for name in self.specs}

    def _write(self, name: str, rows: Sequence[int] | np.ndarray, values: np.ndarray) -> None:
        path, size = self._path(name), self.specs[name].nbytes
        try:
            with os.fdopen(os.open(path, os.O_WRONLY), "wb", buffering=0) as file:
                start = os.fstat(file.fileno()).st_size - self.rows * size
                for first, last in _runs(rows):
                    file.seek(start + int(rows[first]) * size)
                    _write_all(file, values[first:last])
        except FileNotFoundError:
            raise UserError(
                f"{path} is missing: workers on other machines must have the checkout under the "
                "same path"
            ) from None
        except OSError as error:  # the error of a full disk has no file name
            error.filename = error.filename or str(path)
            raise

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npy"


class PackedWriter:
    """Writes packed arrays row by row, then the manifest; an unfinished folder never appears.

    >>> with PackedWriter(out, len(frame), {"images": Spec((100, 100, 3), "uint8")}) as packed:
    ...     packed.write(0, {"images": first_batch})
    ...     packed.finish(frame)

    Rows that are never written are zero. Leaving the block without ``finish`` is an error.

    Args:
        folder: folder to write.
        rows: number of rows, N.
        specs: shape and dtype of the arrays, by name.
        scratch: names of arrays that are used only for the manifest and not kept.
    """

    def __init__(
        self, folder: Path, rows: int, specs: Mapping[str, Spec], scratch: Sequence[str] = ()
    ):
        self._rows = rows
        self._specs = dict(specs)
        self._scratch = tuple(scratch)
        self._context = atomic_folder(folder)
        self._finished = False

    def __enter__(self) -> Self:
        self.files = RowFiles(self._context.__enter__(), self._rows, self._specs)
        try:
            self.files.create()
        except BaseException as error:
            self._context.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The arrays written so far, (N, ...) each, read-only."""
        return self.files.open()

    def write(self, start: int, batch: Mapping[str, np.ndarray]) -> None:
        """Write rows ``start, start + 1, ...``: one array (n, ...) for each declared name."""
        count = len(next(iter(batch.values())))
        self.files.write(range(start, start + count), batch)

    def keep(self, rows: np.ndarray) -> None:
        """Leave out all rows but these, (K,) int, ascending; call it after all are written."""
        specs = {name: spec for name, spec in self._specs.items() if name not in self._scratch}
        arrays = self.arrays
        kept = RowFiles(self.files.folder / "kept", len(rows), specs)
        kept.folder.mkdir()
        kept.create()
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            numbers = range(start, start + len(part))
            kept.write(numbers, {name: arrays[name][part] for name in specs})
        for name in specs:
            (kept.folder / f"{name}.npy").replace(self.files.folder / f"{name}.npy")
        kept.folder.rmdir()
        self._rows = len(rows)

    def finish(self, frame: pd.DataFrame) -> None:
        """Write the manifest of the rows, in their order, and complete the folder."""
        if len(frame) != self._rows:
            raise ValueError(f"expected a manifest of {self._rows} rows, got {len(frame)}")
        if not frame["id"].is_monotonic_increasing:
            raise ValueError("rows of packed arrays must be sorted by id, like their manifest")
        for name in self._scratch:
            (self.files.folder / f"{name}.npy").unlink()
        manifest.write(frame, self.files.folder / MANIFEST)
        self._finished = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None and not self._finished:
            unfinished = RuntimeError("PackedWriter: finish() was not called, nothing is kept")
            self._context.__exit__(RuntimeError, unfinished, None)
            raise unfinished
        self._context.__exit__(kind, error, traceback)


def open_arrays(folder: Path, *names: str) -> dict[str, np.ndarray]:
    """Memory-map the named arrays of a packed folder, or all of them, read-only.

    Raises:
        UserError: the folder or one of the arrays is missing.
    """
    if not (folder / MANIFEST).exists():
        raise UserError(f"{folder} has no packed arrays: run `dvc repro` to make them")
    chosen = names or sorted(path.stem for path in folder.glob("*.npy"))
    try:
        return {name: _open(folder / f"{name}.npy") for name in chosen}
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing: run `dvc repro` to make it") from None


def read_manifest(folder: Path) -> pd.DataFrame:
    """The manifest of a packed folder; row i belongs to row i of its arrays."""
    return manifest.read(folder / MANIFEST)


def specs(folder: Path) -> dict[str, Spec]:
    """Shape and dtype of each array of a packed folder."""
    return {
        name: Spec(array.shape[1:], array.dtype.name) for name, array in open_arrays(folder).items()
    }


def _header(rows: int, spec: Spec) -> dict[str, object]:
    descr = npy.dtype_to_descr(np.dtype(spec.dtype))
    return {"descr": descr, "fortran_order": False, "shape": (rows, *spec.shape)}


def _runs(rows: Sequence[int] | np.ndarray) -> Iterator[tuple[int, int]]:
    """Start and end of runs of consecutive row numbers: ``[5, 6, 9]`` gives (0, 2), (2, 3)."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    return pairwise([0, *breaks.tolist(), len(rows)] if len(rows) else [])


def _write_all(file: BinaryIO, values: np.ndarray) -> None:
    """Write an array; a single ``write`` may write less."""
    rest = values.reshape(-1).view(np.uint8).data
    while len(rest):
        rest = rest[file.write(rest) :]


def _open(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # an array without rows cannot be mapped
        return np.load(path, allow_pickle=False)
