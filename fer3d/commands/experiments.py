"""``fer3d experiments``: the matrix of the paper's experiments, its state and its tables."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from fer3d import checkout

if TYPE_CHECKING:
    from fer3d.experiments.matrix import MatrixParams

app = typer.Typer(no_args_is_help=True, help="The paper's experiments over seeds and folds.")


@dataclass(frozen=True)
class Protocol:
    """How images are tested: the pipeline that does it, and where it writes."""

    pipeline: Path
    cells: Path
    tables: Path


FIXED = Protocol(checkout.EXPERIMENTS, checkout.CELLS, checkout.TABLES)
FOLDS = Protocol(checkout.FOLDS, checkout.FOLD_CELLS, checkout.FOLD_TABLES)


@app.command()
def run() -> None:
    """Train and test what is missing, one cell after another, and write the tables.

    The same as `dvc repro` of the pipeline that it names: each cell is computed once, and a run
    that was interrupted goes on where it was.
    """
    from fer3d.experiments.matrix import matrix
    from fer3d.experiments.progress import finished

    values = _params(checkout.PARAMS)  # DVC reads no other
    protocol, cells = _protocol(values), matrix(values)
    there = sum(finished(cell, protocol.cells, values) is not None for cell in cells)
    print(f"{len(cells)} cells, {there} of them there: dvc repro {protocol.pipeline}", flush=True)
    if status := _dvc("repro", str(protocol.pipeline)):
        raise typer.Exit(status)
    print(f"tables, as Markdown, LaTeX and CSV, and pictures: {protocol.tables}")


@app.command()
def show(
    params: Annotated[
        Path, typer.Option(help="what to compare: section experiments")
    ] = checkout.PARAMS,
    tables: Annotated[bool, typer.Option(help="print the page of tables")] = False,
) -> None:
    """Every cell of the matrix: its place, whether it is done, and its validation scores."""
    from fer3d.errors import UserError
    from fer3d.experiments.write import PAGE

    values = _params(params)
    protocol = _protocol(values)
    page = protocol.tables / PAGE
    if not tables:
        Console().print(_cells_table(values, protocol.cells))
    elif page.exists():
        print(page.read_text(encoding="utf-8"), end="")
    else:
        raise UserError(f"{page} is missing: run `make experiments` to make it")


def _dvc(*arguments: str) -> int:
    """Run DVC to its end, an interrupt included, which it gets from the terminal as we do."""
    programs = Path(sys.executable).parent  # `python` in dvc.yaml is this one
    path = os.pathsep.join((str(programs), os.environ.get("PATH", os.defpath)))
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", *arguments], env=os.environ | {"PATH": path}
    )
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _params(path: Path) -> "MatrixParams":
    """The sections of the matrix, of a file that is checked as a whole."""
    from fer3d.experiments.matrix import MatrixParams
    from fer3d.params import load

    return load(path).part(MatrixParams)


def _protocol(values: "MatrixParams") -> Protocol:
    return FOLDS if values.experiments.folds else FIXED


def _cells_table(values: "MatrixParams", folder: Path) -> Table:
    from fer3d.experiments.matrix import matrix
    from fer3d.experiments.progress import finished

    cell_column = Column("cell", no_wrap=True)
    table = Table("", cell_column, "preset", "epochs", "accuracy", "F1", title="validation")
    for number, cell in enumerate(matrix(values), start=1):
        row = [str(number), cell.title, cell.configuration.preset]
        if found := finished(cell, folder, values):
            scores = found["scores"]["validation"]
            row += [str(found["training"]["epochs"])]
            row += [f"{scores[name]:.3f}" for name in ("accuracy", "macro_f1")]
        table.add_row(*row)
    return table
