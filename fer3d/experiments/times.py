"""How long cells take on this machine, which no result depends on.

{digest of a cell's parameters, seed and fold aside: seconds of the last such cell}
"""

from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from fer3d.experiments.cells import Cell, CellParams, parameters
from fer3d.files.atomic import write_json
from fer3d.files.digests import sha256_json

_FILE = TypeAdapter(dict[str, float])


def read(times: Path) -> dict[str, float]:
    """Seconds by ``kind``; none where the file is not there or is damaged."""
    try:
        return _FILE.validate_json(times.read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}


def note(times: Path, cell: Cell, params: CellParams, seconds: float) -> None:
    """Write down how long a cell took."""
    write_json(times, read(times) | {kind(cell, params): seconds})


def kind(cell: Cell, params: CellParams) -> str:
    """The same for cells that differ by seed and fold alone."""
    return sha256_json(parameters(replace(cell, seed=0, fold=None), params))
