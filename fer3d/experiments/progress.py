"""How far the matrix is, and about how long the rest of it takes on this machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from fer3d.errors import UserError
from fer3d.experiments import times
from fer3d.experiments.cells import Cell, CellParams, parameters, read_cell
from fer3d.experiments.matrix import MatrixParams, matrix

MINUTE, HOUR = 60, 3600  # s


def finished(cell: Cell, results: Path, params: CellParams) -> dict[str, Any] | None:
    """The cell's result; None where its folder holds none of these parameters.

    DVC decides what is run; this quick look does not see other images or other code.
    """
    found = read_cell(results / cell.name)
    return found if found and found["parameters"] == parameters(cell, params) else None


def announce(cell: Cell, results: Path, taken: Path, params: MatrixParams) -> str:
    """The line before a cell: ``cell 5 of 24: Base+3D, focal, seed 1; about 40 min left``.

    Args:
        results: folder of the cells' folders.
        taken: file of what cells took, see ``fer3d.experiments.times``.
        params: which cells there are, and what each is given.
    """
    cells = matrix(params)
    if cell not in cells:
        raise UserError(
            f"{cell.title} is not in the matrix of params.yaml: run `make experiments`, which "
            "picks experiments/folds/dvc.yaml where experiments.folds names folds"
        )
    kinds = {c: times.kind(c, params) for c in cells}
    known = {k: seconds for k, seconds in times.read(taken).items() if k in kinds.values()}
    todo = [cell, *(c for c in cells if c != cell and not finished(c, results, params))]
    left = time_left([kinds[c] for c in todo], known)
    rest = "" if left is None else f"; about {duration(left)} left"
    return f"cell {cells.index(cell) + 1} of {len(cells)}: {cell.title}{rest}"


def time_left(kinds: Sequence[str], known: Mapping[str, float]) -> float | None:
    """Seconds that cells of these kinds take, by what is known; None where nothing is.

    Of a kind that was not seen yet a cell counts as the mean of the others.
    """
    if not known:
        return None
    return sum(known.get(kind, fmean(known.values())) for kind in kinds)


def duration(seconds: float) -> str:
    """A rough time for people: 40 s, 12 min, 3.5 h."""
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"
