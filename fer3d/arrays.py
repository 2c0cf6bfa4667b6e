"""Packed arrays: a folder of .npy files of shape (N, ...) beside a manifest of N rows.

    folder/
      images.npy          (N, S, S, 3) uint8      row i belongs to row i of the manifest
      points.npy          (N, 5, 2) float32
      manifest.parquet    written last

The files are memory-mapped, so a folder may be larger than memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pandas as pd
from numpy.lib.format import open_memmap

from fer3d import manifest
from fer3d.errors import UserError
from fer3d.store.atomic import atomic_folder

MANIFEST = "manifest.parquet"


@dataclass(frozen=True)
class Spec:
    """Shape of one row (the leading N left out) and dtype of a packed array."""

    shape: tuple[int, ...]
    dtype: str


class PackedWriter:
    """Writes packed arrays row by row, then the manifest; the folder appears whole or not at all.

    >>> with PackedWriter(out, len(frame), {"images": Spec((100, 100, 3), "uint8")}) as packed:
    ...     packed.write(0, {"images": first_batch})
    ...     packed.finish(frame)

    Rows that are never written are zero. Leaving the block without ``finish`` is an error.
    """

    def __init__(self, folder: Path, rows: int, specs: Mapping[str, Spec]):
        self._rows = rows
        self._specs = dict(specs)
        self._context = atomic_folder(folder)
        self._finished = False
        self._arrays: dict[str, np.ndarray] = {}

    def __enter__(self) -> Self:
        self._folder = self._context.__enter__()
        try:
            for name, spec in self._specs.items():
                self._arrays[name] = _create(self._folder / f"{name}.npy", self._rows, spec)
        except BaseException as error:
            self._context.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """What has been written so far, (N, ...) each."""
        return self._arrays

    def write(self, start: int, batch: Mapping[str, np.ndarray]) -> None:
        """Write rows ``start, start + 1, ...``: one array of (n, ...) for each declared name."""
        if set(batch) != set(self._specs):
            raise ValueError(f"expected arrays {sorted(self._specs)}, got {sorted(batch)}")
        for name, values in batch.items():
            spec = self._specs[name]
            if values.shape[1:] != spec.shape or values.dtype != np.dtype(spec.dtype):
                raise ValueError(
                    f"{name}: expected rows of {spec.shape} {spec.dtype}, "
                    f"got {values.shape[1:]} {values.dtype}"
                )
            self._arrays[name][start : start + len(values)] = values

    def finish(self, frame: pd.DataFrame) -> None:
        """Write the manifest of these rows, in their order; the folder is complete after it."""
        if len(frame) != self._rows:
            raise ValueError(f"expected a manifest of {self._rows} rows, got {len(frame)}")
        if not frame["id"].is_monotonic_increasing:
            raise ValueError("rows of packed arrays must be sorted by id, as their manifest is")
        for array in self._arrays.values():
            if isinstance(array, np.memmap):
                array.flush()
        manifest.write(frame, self._folder / MANIFEST)
        self._finished = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._arrays.clear()
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
        raise UserError(f"{folder} holds no packed arrays: run `dvc repro` to make them")
    chosen = names or sorted(path.stem for path in folder.glob("*.npy"))
    try:
        return {name: _open(folder / f"{name}.npy") for name in chosen}
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing: run `dvc repro` to make it") from None


def read_manifest(folder: Path) -> pd.DataFrame:
    """The manifest of a packed folder; row i belongs to row i of its arrays."""
    return manifest.read(folder / MANIFEST)


def specs(folder: Path) -> dict[str, Spec]:
    """What each array of a packed folder holds."""
    return {
        name: Spec(array.shape[1:], array.dtype.name) for name, array in open_arrays(folder).items()
    }


def _create(path: Path, rows: int, spec: Spec) -> np.ndarray:
    shape = (rows, *spec.shape)
    if 0 in shape:  # an empty file cannot be memory-mapped
        np.save(path, np.zeros(shape, spec.dtype))
        return np.zeros(shape, spec.dtype)
    return open_memmap(path, mode="w+", dtype=spec.dtype, shape=shape)


def _open(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # no rows: nothing to map
        return np.load(path, allow_pickle=False)
