"""One thin script a stage: read the parameters, call the library, write."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from fer3d import params, settings
from fer3d.errors import UserError

# Threads of one process that wait for each other sleep instead of spinning: on a machine that does
# other things too, spinning makes training many times slower. Read when PyTorch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

PathOption = Annotated[Path, typer.Option()]


def context() -> tuple[params.Params, settings.Settings]:
    """Parameters and settings of the checkout that DVC runs in."""
    return params.load(Path("params.yaml")), settings.load(Path())


def run(main: Callable[..., None]) -> None:
    """Run a stage with the paths of its command line; a user's error ends it in one line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # clean up, then end
    logging.basicConfig(format="%(message)s")
    logging.getLogger("fer3d").setLevel(logging.INFO)
    try:
        typer.run(main)
    except UserError as error:
        sys.exit(f"{Path(sys.argv[0]).stem}: {error}")
