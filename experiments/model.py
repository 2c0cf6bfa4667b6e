"""Train one compared model and test it once; `ours` has its cells in experiments/dvc.yaml."""

import time
from typing import Annotated

import typer

from experiments import TIMES
from fer3d.comparison.recipes import Preset
from fer3d.experiments.cells import CELL_FILE, OURS, Cell, CellParams
from fer3d.experiments.models import ModelSetup
from fer3d.experiments.run_model import run_model
from fer3d.experiments.times import note
from fer3d.files.atomic import write_json
from fer3d.files.folders import Folders
from fer3d.files.sections import load_sections
from fer3d.machine import settings
from fer3d.training.trainer import Runtime
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
    params, local = load_sections(PARAMS, CellParams), settings.load(CHECKOUT)
    cell = Cell(ModelSetup(preset, model), seed, fold)
    folders = Folders(images, faces, shadings)
    start, runtime = time.monotonic(), Runtime(local.torch_device(), state=local.state_folder)
    result = run_model(cell, folders, out, params, runtime)
    note(TIMES, cell, time.monotonic() - start, params)
    accuracy = result["scores"]["validation"]["accuracy"]
    print(f"{cell.title}, {preset}: validation accuracy {accuracy:.3f}", flush=True)


if __name__ == "__main__":
    run(main)
