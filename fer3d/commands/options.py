"""Options that several commands take, and the table that they print."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

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
        help="recognizer: a name, a file, or `own`, what `train` wrote here; by default fer2013",
    ),
]
ModelsOption = Annotated[Path, typer.Option(help="folder of models installed by the user")]


def image_table(*titles: str) -> Table:
    """A table whose first column shows image paths in full."""
    return Table(Column("image", overflow="fold"), *titles)


def console_beside(outputs: Iterable[Path | None]) -> Console:
    """Where a summary is printed: on standard error if an output goes to standard output."""
    from fer3d.files.outputs import is_special

    return Console(stderr=any(path is not None and is_special(path) for path in outputs))
