"""PRN's model file: one NumPy archive without pickles, written by ``fer3d assets import-prnet``.

prnet.npz
  resfcn256/Conv/weights …     the authors' variables by their names, float32
  face_ind, uv_kpt_ind         the authors' index tables
"""

import zipfile
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from fer3d.errors import UserError
from fer3d.files.atomic import atomic_path
from fer3d.reconstruction.prnet.uv import UvTables, checked_tables

MODEL = "prnet.npz"
TABLES = ("face_ind", "uv_kpt_ind")


def model_file(models: Path | None) -> Path:
    """PRN's file in the folder of models installed by the user.

    Raises:
        ValueError: no folder was given.
        UserError: the file is missing.
    """
    if models is None:
        raise ValueError(f"the prnet backend needs the folder of {MODEL}, got None")
    file = models / MODEL
    if not file.is_file():
        raise UserError(
            f"{file} is missing: get PRN's weights from its authors and "
            "convert them with `fer3d assets import-prnet DIR` (docs/prnet.md)"
        )
    return file


def write(file: Path, variables: Mapping[str, np.ndarray], tables: UvTables) -> None:
    """Write a model file, atomically; equal content gives equal bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {name: variables[name] for name in sorted(variables)}
    arrays |= {name: getattr(tables, name).astype(np.int32) for name in TABLES}
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with atomic_path(file) as temporary, temporary.open("wb") as target:
        np.savez(target, **arrays)


@lru_cache(maxsize=2)
def read_tables(file: Path) -> UvTables:
    """The index tables of a model file, once per process.

    Raises:
        UserError: the file is damaged, or is not PRN's.
    """
    arrays = _read(file, TABLES)
    face_ind, uv_kpt_ind = (arrays[name] for name in TABLES)
    return checked_tables(face_ind, uv_kpt_ind, origin=str(file))


def read_variables(file: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The network's variables of a model file, by name.

    Args:
        file: the model file.
        shapes: expected variables and their shapes.

    Raises:
        UserError: the file is damaged, or is not PRN's.
    """
    arrays = _read(file, shapes)
    check_shapes(shapes, {name: array.shape for name, array in arrays.items()}, origin=str(file))
    return arrays


def check_shapes(
    expected: Mapping[str, tuple[int, ...]],
    found: Mapping[str, tuple[int, ...]],
    origin: str,
) -> None:
    """Check that all variables exist with their shapes; additional ones are allowed.

    Raises:
        UserError: a variable is missing or has another shape.
    """
    for name, shape in expected.items():
        if name not in found:
            raise UserError(f"{origin}: variable {name} is missing, this is not PRN's network")
        if tuple(found[name]) != shape:
            raise UserError(
                f"{origin}: expected variable {name} of shape {shape}, got {tuple(found[name])}"
            )


def _read(file: Path, names: Iterable[str]) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, AttributeError, TypeError):
        raise UserError(
            f"{file} is damaged or not PRN's: create it again with `fer3d assets import-prnet DIR`"
        ) from None
