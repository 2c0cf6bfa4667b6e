"""Durations of cells on this machine, for estimates; no result depends on them.

{digest of a cell's parameters without seed and fold: seconds of the last such cell}
"""

from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from fer3d.experiments.cells import Cell, CellParams, parameters
from fer3d.files.atomic import write_json
from fer3d.files.digests import sha256_json

_FILE = TypeAdapter(dict[str, float])


def read(times: Path) -> dict[str, float]:
    """Seconds by ``kind``; empty if the file is missing or damaged."""
    try:
        return _FILE.validate_json(times.read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}


def note(times: Path, cell: Cell, seconds: float, params: CellParams) -> None:
    """Record the duration of a cell."""
    write_json(times, read(times) | {kind(cell, params): seconds})


def kind(cell: Cell, params: CellParams) -> str:
    """Digest of a cell's parameters without seed and fold."""
    return sha256_json(parameters(replace(cell, seed=0, fold=None), params))
