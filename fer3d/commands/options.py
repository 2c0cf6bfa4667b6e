"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

ForceOption = Annotated[
    bool, typer.Option("--force", help="also overwrite files that fer3d did not write")
]
AssetsOption = Annotated[Path, typer.Option(help="folder of model files")]
ModelsOption = Annotated[Path, typer.Option(help="folder of models installed by the user")]
