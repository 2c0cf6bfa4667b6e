"""Train one network of the matrix and test it once."""

import time
from typing import Annotated

import typer

from experiments import TIMES
from fer3d.experiments.cells import Cell, CellParams, Configuration
from fer3d.experiments.run import run_cell
from fer3d.experiments.times import note
from fer3d.files.folders import Folders
from fer3d.files.sections import load_sections
from fer3d.machine import settings
from fer3d.training.trainer import Runtime
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
    params, local = load_sections(PARAMS, CellParams), settings.load(CHECKOUT)
    cell = Cell(Configuration(preset, branches, loss), seed, fold)
    folders = Folders(images, faces, shadings)
    start, runtime = time.monotonic(), Runtime(local.torch_device(), state=local.state_folder)
    result = run_cell(cell, folders, out, params, runtime)
    note(TIMES, cell, time.monotonic() - start, params)
    accuracy = result["scores"]["validation"]["accuracy"]
    print(f"{cell.title}: validation accuracy {accuracy:.3f}", flush=True)


if __name__ == "__main__":
    run(main)
