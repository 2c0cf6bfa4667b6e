"""Train one network of the matrix and test it once."""

from typing import Annotated

import typer

from fer3d.experiments.cells import Cell, CellParams, Configuration
from fer3d.experiments.run import run_cell
from fer3d.experiments.timed import run_timed
from fer3d.files.folders import Folders
from fer3d.files.sections import load_sections
from fer3d.machine import settings
from stages import CHECKOUT, PARAMS, PathOption, run


def main(
    preset: str,
    branches: str,
    loss: str,
    seed: int,
    images: PathOption,
    faces: PathOption,
    shadings: PathOption,
    out: PathOption,
    fold: Annotated[int | None, typer.Option()] = None,
) -> None:
    cell = Cell(Configuration(preset, branches, loss), seed, fold)
    folders = Folders(images, faces, shadings)
    params, local = load_sections(PARAMS, CellParams), settings.load(CHECKOUT)
    run_timed(run_cell, cell, folders, out, params, local)


if __name__ == "__main__":
    run(main)
