"""One thin script a stage: read the parameters, call the library, write."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated

INTERRUPTED = 128 + signal.SIGINT  # exit status, as of a shell


class _Interrupted(SystemExit):
    """Ctrl-C. Leaves every block as an error does, and prints no traceback wherever it comes."""


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # pressed again: ends at once; nothing is half
    raise _Interrupted(INTERRUPTED)


# `python -m stages.<name>` imports this module first: an interrupt while it still loads packages
# is clean too. A background job of a shell ignores interrupts, and still does.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, _interrupt)

import typer  # noqa: E402

from fer3d.errors import UserError, disk_full  # noqa: E402
from fer3d.machine.lifetimes import end_with_parent  # noqa: E402
from fer3d.machine.terminal import print_everywhere  # noqa: E402

# Threads of one process that wait for each other sleep instead of spinning: on a machine that does
# other things too, spinning makes training many times slower. Read when PyTorch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

PathOption = Annotated[Path, typer.Option()]
CHECKOUT = Path()  # DVC runs a stage in the top folder
PARAMS = CHECKOUT / "params.yaml"


def run(main: Callable[..., None]) -> None:
    """Run a stage with the paths of its command line; a user's error ends it in one line."""
    name = Path(sys.argv[0]).stem
    print_everywhere()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # clean up, then end
    if "DVC_STAGE" in os.environ:  # a stage doesn't outlive its `dvc repro`
        end_with_parent(os.getppid())
    logging.basicConfig(format="%(message)s")
    logging.getLogger("fer3d").setLevel(logging.INFO)
    try:
        typer.run(main)
    except UserError as error:
        sys.exit(f"{name}: {error}")
    except _Interrupted:
        print(
            f"\n{name}: interrupted: run `dvc repro` again, it goes on where it was",
            file=sys.stderr,
        )
        raise
    except OSError as error:
        explained = disk_full(error)
        if explained is None:
            raise
        sys.exit(f"{name}: {explained}")
