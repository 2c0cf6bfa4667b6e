"""What several commands take: where files lie unless it is said otherwise."""

from pathlib import Path
from typing import Annotated

import typer

ASSETS = Path("data/assets")
MODELS = Path("models")
PARAMS = Path("params.yaml")

AssetsOption = Annotated[Path, typer.Option(help="folder of model files")]
ModelsOption = Annotated[Path, typer.Option(help="folder of models that you brought")]
