"""Print which cell is next and an estimate of the remaining time."""

from typing import Annotated

import typer

from fer3d.checkout import CELL_TIMES
from fer3d.experiments.cells import Cell, Configuration
from fer3d.experiments.matrix import MatrixParams, matrix
from fer3d.experiments.progress import announce
from fer3d.files.sections import load_sections
from stages import PARAMS, PathOption, run


def main(
    preset: str,
    branches: str,
    loss: str,
    seed: int,
    cells: PathOption,
    fold: Annotated[int | None, typer.Option()] = None,
) -> None:
    params = load_sections(PARAMS, MatrixParams)
    cell = Cell(Configuration(preset, branches, loss), seed, fold)
    print(announce(cell, matrix(params), cells, CELL_TIMES, params), flush=True)


if __name__ == "__main__":
    run(main)
