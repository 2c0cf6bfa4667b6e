"""One short script per stage: read the parameters, call the library, write the result."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated

INTERRUPTED = 128 + signal.SIGINT  # exit status, as of a shell


class _Interrupted(SystemExit):
    """Ctrl-C. Leaves all blocks like an error, but never prints a traceback."""


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C ends at once, which is safe
    raise _Interrupted(INTERRUPTED)


# `python -m stages.<name>` imports this module first, so that an interrupt during the imports is
# clean, too. Background jobs of a shell ignore interrupts, which is kept.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, _interrupt)

import typer  # noqa: E402

from fer3d.errors import UserError, explained  # noqa: E402
from fer3d.machine import terminal  # noqa: E402
from fer3d.machine.lifetimes import end_with_parent  # noqa: E402
from fer3d.machine.startup import collect_rarely  # noqa: E402

# OpenMP threads sleep instead of spinning while they wait: on a busy machine, spinning makes
# training many times slower. Read when PyTorch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
collect_rarely()

PathOption = Annotated[Path, typer.Option()]
# Not those of fer3d.checkout, so that stages do not depend on all paths there.
CHECKOUT = Path()  # DVC runs stages in the top folder
PARAMS = CHECKOUT / "params.yaml"


def run(main: Callable[..., None]) -> None:
    """Run a stage with the paths from its command line; a ``UserError`` is printed in one line."""
    name = Path(sys.argv[0]).stem
    terminal.print_everywhere()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # clean up, then end
    if "DVC_STAGE" in os.environ:  # a stage doesn't outlive its `dvc repro`
        end_with_parent(os.getppid())
    terminal.set_up(CHECKOUT)
    try:
        typer.run(main)
    except _Interrupted:
        again = "interrupted: run `dvc repro` again, it continues where it stopped"
        line = "" if terminal.as_json() else "\n"  # after the ^C of the terminal
        terminal.say(f"{line}{name}: {again}", "error")
        raise
    except (UserError, OSError, ImportError) as error:
        message = explained(error)
        if message is None:
            raise
        terminal.say(f"{name}: {message}", "error")
        sys.exit(1)
