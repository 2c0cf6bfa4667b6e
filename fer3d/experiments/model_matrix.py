"""The cells of the compared models in the matrix of experiments."""

import itertools

from fer3d.experiments.cells import OURS, Cell
from fer3d.experiments.matrix import MatrixParams, cells_of
from fer3d.experiments.models import ModelSetup


def model_setups(params: MatrixParams) -> list[ModelSetup]:
    """All combinations of a preset and a compared model."""
    axes = params.experiments
    names = [name for name in axes.models if name != OURS]
    return [ModelSetup(*values) for values in itertools.product(axes.model_presets, names)]


def model_cells(params: MatrixParams) -> list[Cell]:
    """All cells of the compared models, see ``cells_of``."""
    return cells_of(model_setups(params), params)
