"""Train one compared model and test it once; `ours` has its cells in experiments/dvc.yaml."""

from typing import Annotated

import typer

from fer3d.comparison.recipes import Preset
from fer3d.experiments.cells import CELL_FILE, OURS, Cell, CellParams
from fer3d.experiments.models import ModelSetup
from fer3d.experiments.run_model import run_model
from fer3d.experiments.timed import run_timed
from fer3d.files.atomic import write_json
from fer3d.files.folders import Folders
from fer3d.files.sections import load_sections
from fer3d.machine import settings
from stages import CHECKOUT, PARAMS, PathOption, run


def main(
    preset: Preset,
    model: str,
    seed: int,
    images: PathOption,
    faces: PathOption,
    shadings: PathOption,
    out: PathOption,
    fold: Annotated[int | None, typer.Option()] = None,
) -> None:
    if model == OURS:
        return write_json(out / CELL_FILE, {"cells": "experiments/dvc.yaml"})
    cell = Cell(ModelSetup(preset, model), seed, fold)
    folders = Folders(images, faces, shadings)
    params, local = load_sections(PARAMS, CellParams), settings.load(CHECKOUT)
    run_timed(run_model, cell, folders, out, params, local)


if __name__ == "__main__":
    run(main)
