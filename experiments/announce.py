"""The line before a cell: which it is, and about how long is left. It changes no result."""

from pathlib import Path
from typing import Annotated

import typer

from fer3d.experiments.cells import Cell, Configuration
from fer3d.experiments.progress import announce
from stages import PathOption, context, run

STARTS = Path(".fer3d/experiments.json")


def main(
    preset: str,
    branches: str,
    loss: str,
    seed: int,
    cells: PathOption,
    fold: Annotated[int | None, typer.Option()] = None,
) -> None:
    params, _ = context()
    cell = Cell(Configuration(preset, branches, loss), seed, fold)
    print(announce(cell, params, cells, STARTS), flush=True)


if __name__ == "__main__":
    run(main)
