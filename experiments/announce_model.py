"""Print which compared model is next and an estimate of the remaining time."""

from typing import Annotated

import typer

from fer3d.checkout import CELL_TIMES
from fer3d.comparison.recipes import Preset
from fer3d.experiments.cells import OURS, Cell
from fer3d.experiments.matrix import MatrixParams
from fer3d.experiments.model_matrix import model_cells
from fer3d.experiments.models import ModelSetup
from fer3d.experiments.progress import announce
from fer3d.files.sections import load_sections
from stages import PARAMS, PathOption, run


def main(
    preset: Preset,
    model: str,
    seed: int,
    cells: PathOption,
    fold: Annotated[int | None, typer.Option()] = None,
) -> None:
    if model == OURS:
        return
    params = load_sections(PARAMS, MatrixParams)
    cell = Cell(ModelSetup(preset, model), seed, fold)
    print(announce(cell, model_cells(params), cells, CELL_TIMES, params), flush=True)


if __name__ == "__main__":
    run(main)
