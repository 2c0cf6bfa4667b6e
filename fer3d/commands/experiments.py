"""``fer3d experiments``: runs the paper's experiments, shows their state and their tables."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from fer3d import checkout

if TYPE_CHECKING:
    from fer3d.experiments.matrix import MatrixParams

SOURCE_HELP = (
    "predictions (Parquet) of `evaluate`, a pattern in quotes for those of several trainings, or "
    "RECOGNIZER:CLASSIFIER, such as own:base"
)

app = typer.Typer(no_args_is_help=True, help="The paper's experiments over seeds and folds.")


class Split(StrEnum):
    """Images that no network was trained on."""

    TEST = "test"
    VALIDATION = "validation"


@dataclass(frozen=True)
class Protocol:
    """A test protocol (fixed test set or cross validation): its pipeline and output folders."""

    pipeline: Path
    cells: Path
    tables: Path


FIXED = Protocol(checkout.EXPERIMENTS, checkout.CELLS, checkout.TABLES)
FOLDS = Protocol(checkout.FOLDS, checkout.FOLD_CELLS, checkout.FOLD_TABLES)
MODELS = Protocol(checkout.COMPARED, checkout.MODEL_CELLS, checkout.COMPARISON)
MODEL_FOLDS = Protocol(checkout.COMPARED_FOLDS, checkout.FOLD_MODELS, checkout.FOLD_COMPARISON)


@app.command()
def run() -> None:
    """Train and test the missing cells, one after another, and write the tables.

    Equivalent to `dvc repro` with the pipeline that it prints: each cell is computed once, and an
    interrupted run continues where it stopped.
    """
    from fer3d.experiments.matrix import matrix
    from fer3d.experiments.progress import finished

    values = _params(checkout.PARAMS)  # the file that DVC reads
    protocol, cells = _protocol(values), matrix(values)
    there = sum(finished(cell, protocol.cells, values) is not None for cell in cells)
    print(f"{len(cells)} cells, {there} of them done: dvc repro {protocol.pipeline}", flush=True)
    if status := _dvc("repro", str(protocol.pipeline)):
        raise typer.Exit(status)
    print(f"tables (HTML, Markdown, LaTeX, CSV) and figures: {protocol.tables}")


@app.command()
def compare() -> None:
    """Train and test the missing cells of `experiments.models`, and write the tables.

    It prints what is left first. Equivalent to `dvc repro` with the pipeline that it prints; an
    interrupted run continues where it stopped.
    """
    from fer3d.errors import UserError
    from fer3d.experiments.cells import OURS
    from fer3d.experiments.matrix import matrix
    from fer3d.experiments.model_matrix import model_cells
    from fer3d.experiments.progress import left_to_run

    values = _params(checkout.PARAMS)
    others = model_cells(values)
    if not others:
        raise UserError(
            "experiments.models lists no model but ours: add some, for example zhang-2017 "
            "(docs/comparison.md)"
        )
    models = MODEL_FOLDS if values.experiments.folds else MODELS
    ours = matrix(values) if OURS in values.experiments.models else []
    parts = {_protocol(values).cells: ours, models.cells: others}
    for line in left_to_run(parts, checkout.CELL_TIMES, values):
        print(line)
    print(f"dvc repro {models.pipeline}", flush=True)
    if status := _dvc("repro", str(models.pipeline)):
        raise typer.Exit(status)
    print(f"tables (HTML, Markdown, LaTeX, CSV): {models.tables}")


@app.command()
def show(
    params: Annotated[
        Path, typer.Option(help="parameters; the section experiments lists the cells")
    ] = checkout.PARAMS,
    tables: Annotated[bool, typer.Option(help="print the page of tables")] = False,
) -> None:
    """List the cells of the matrix in order, with the validation scores of those done."""
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


@app.command()
def difference(
    first: Annotated[str, typer.Argument(help=SOURCE_HELP)],
    second: Annotated[str, typer.Argument(help="the same")],
    split: Annotated[Split, typer.Option(help="images to compare on")] = Split.TEST,
    data: Annotated[Path, typer.Option(help="data folder of the run")] = checkout.DATA,
    replicates: Annotated[int, typer.Option(min=100, help="replicates of the bootstrap")] = 2000,
) -> None:
    """Compare two classifiers image by image: all images, turned heads, no 3D face, light.

    Prints Markdown: accuracies and their difference with its interval, whether the gain is larger
    for turned heads and in side light, and McNemar's test.
    """
    from fer3d.experiments.formats import to_markdown
    from fer3d.experiments.pair import pair_on, pair_tables
    from fer3d.experiments.results import Bootstrap
    from fer3d.files.folders import Folders

    folders = Folders(*(data / name for name in ("balance", "reconstruct", "relight")))
    pair = pair_on(split, (first, second), folders)
    tables = pair_tables(pair, Bootstrap(replicates))
    print("\n".join(to_markdown(table, table.notes) for table in tables), end="")


def _dvc(*arguments: str) -> int:
    """Run DVC and wait for it, also after Ctrl-C, which the terminal sends to both processes."""
    programs = Path(sys.executable).parent  # so that `python` in dvc.yaml is this interpreter
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
    """The sections of the matrix; the whole file is checked."""
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
