"""Progress of the matrix, and an estimate of the remaining time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from fer3d.errors import UserError
from fer3d.experiments import times
from fer3d.experiments.cells import Cell, CellParams, parameters, read_cell

MINUTE, HOUR = 60, 3600  # s


def finished(cell: Cell, results: Path, params: CellParams) -> dict[str, Any] | None:
    """The cell's result; None if there is none with these parameters.

    This quick check ignores changes of images and code; DVC decides what is run.
    """
    found = read_cell(results / cell.name)
    return found if found and found["parameters"] == parameters(cell, params) else None


def announce(
    cell: Cell, cells: Sequence[Cell], results: Path, taken: Path, params: CellParams
) -> str:
    """The line printed before a cell: ``cell 5 of 24: Base+3D, focal, seed 1; about 40 min left``.

    Args:
        cell: the next one.
        cells: all of the matrix.
        results: parent of the cells' folders.
        taken: file of the durations of cells, see ``fer3d.experiments.times``.
        params: the sections that define the cells.
    """
    if cell not in cells:
        raise UserError(
            f"{cell.title} is not in the matrix of params.yaml: run `make experiments` or `make "
            "compare`, which use experiments/folds/dvc.yaml if experiments.folds is set"
        )
    todo = [cell, *(c for c in cells if c != cell and not finished(c, results, params))]
    left = left_of(todo, cells, taken, params)
    rest = "" if left is None else f"; about {duration(left)} left"
    return f"cell {cells.index(cell) + 1} of {len(cells)}: {cell.title}{rest}"


def left_to_run(parts: Mapping[Path, Sequence[Cell]], taken: Path, params: CellParams) -> list[str]:
    """What is left of a comparison: one line a cell, then their number and estimated time.

    Args:
        parts: cells by the parent of their folders.
        taken: see ``announce``.
        params: the sections that define the cells.
    """
    cells = [cell for part in parts.values() for cell in part]
    todo = [c for folder, part in parts.items() for c in part if not finished(c, folder, params)]
    left = left_of(todo, cells, taken, params) if todo else None
    time = "" if left is None else f", about {duration(left)}"
    lines = [f"left: {cell.title}, {cell.configuration.preset}" for cell in todo]
    return [*lines, f"{len(cells)} cells, {len(todo)} of them left{time}"]


def left_of(
    todo: Sequence[Cell], cells: Sequence[Cell], taken: Path, params: CellParams
) -> float | None:
    """Estimated seconds for some of the cells of a matrix; None if no duration is known.

    Args:
        todo: the cells.
        cells: all of the matrix; the durations of any of them count.
        taken: see ``announce``.
        params: the sections that define the cells.
    """
    kinds = {cell: times.kind(cell, params) for cell in cells}
    known = {k: seconds for k, seconds in times.read(taken).items() if k in kinds.values()}
    return time_left([kinds[cell] for cell in todo], known)


def time_left(kinds: Sequence[str], known: Mapping[str, float]) -> float | None:
    """Estimated seconds for cells of these kinds; None if no duration is known.

    Cells of an unknown kind count with the mean of the known ones.
    """
    if not known:
        return None
    return sum(known.get(kind, fmean(known.values())) for kind in kinds)


def duration(seconds: float) -> str:
    """A rounded duration for messages: 40 s, 12 min, 3.5 h."""
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"
