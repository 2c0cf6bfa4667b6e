"""Options that several commands take, and the table that they print."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from fer3d import checkout

if TYPE_CHECKING:
    from fer3d.files.outputs import InputFiles

ForceOption = Annotated[
    bool, typer.Option("--force", help="also overwrite files that fer3d did not write")
]
AssetsOption = Annotated[
    Path | None,
    typer.Option(help="folder of model files; by default data/assets, else the user's cache"),
]
RecognizerOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "--checkpoint",
        help="recognizer: a name, a file, or `own` (trained by `dvc repro`); by default "
        f"{checkout.DEFAULT}",
    ),
]
ModelsOption = Annotated[Path, typer.Option(help="folder of PRN's converted weights")]


def image_table(*titles: str) -> Table:
    """A table whose first column shows image paths in full."""
    return Table(Column("image", overflow="fold"), *titles)


def console_beside(outputs: Iterable[Path | None]) -> Console:
    """Where a summary is printed: on standard error if an output goes to standard output."""
    from fer3d.files.outputs import is_special

    return Console(stderr=any(path is not None and is_special(path) for path in outputs))


def check_documents(
    documents: Mapping[str, Path | None], inputs: "InputFiles", *, force: bool
) -> None:
    """Stop before something that a person has is written over.

    Args:
        documents: the file of each option, None where it is not given.
        inputs, force: as of ``fer3d.files.outputs.check_output``.
    """
    from fer3d.files.outputs import check_distinct, check_output

    check_distinct(documents)
    for option, path in documents.items():
        if path is not None:
            check_output(path, option, inputs, force=force)
