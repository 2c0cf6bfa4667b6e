"""The cells of the matrix of experiments."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from fer3d.errors import UserError
from fer3d.experiments.cells import Cell, CellParams, Configuration, Setup
from fer3d.experiments.params import ExperimentsParams
from fer3d.splitting.params import SplitParams


class MatrixParams(CellParams):
    """The sections of ``params.yaml`` that define the cells."""

    experiments: ExperimentsParams
    split: SplitParams


def configurations(params: MatrixParams) -> list[Configuration]:
    """All combinations of preset, branches and loss."""
    axes = params.experiments
    product = itertools.product(axes.presets, axes.branches, axes.losses)
    return [Configuration(*values) for values in product]


def matrix(params: MatrixParams) -> list[Cell]:
    """All cells of our network, see ``cells_of``."""
    return cells_of(configurations(params), params)


def cells_of(setups: Sequence[Setup], params: MatrixParams) -> list[Cell]:
    """All cells in the order in which DVC runs them: all setups for each fold and seed.

    Raises:
        UserError: a fold that ``split.folds`` does not have.
    """
    axes = params.experiments
    for fold in axes.folds:
        if fold >= (params.split.folds or 0):
            raise UserError(
                f"experiments.folds has fold {fold}, but split.folds is {params.split.folds}: "
                "set split.folds to the number of folds"
            )
    runs = itertools.product(axes.folds or (None,), axes.seeds)
    return [Cell(setup, seed, fold) for fold, seed in runs for setup in setups]


def cell_folders(parent: Path, cells: Iterable[Cell]) -> dict[Cell, Path]:
    """The folder of each cell."""
    return {cell: parent / cell.name for cell in cells}
