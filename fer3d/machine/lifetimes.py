"""Behaviour of worker processes when a run is interrupted or killed."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fer3d.machine.startup import collect_rarely

LOOK_S = 1.0  # interval at which the parent process is checked


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes started in this block ignore Ctrl-C, which their parent handles.

    A terminal sends it to all processes of a run, even to those still starting Python.
    """
    if threading.current_thread() is not threading.main_thread():  # others cannot set handlers
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited by new processes
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def serve(parent: int) -> None:
    """Initialize a worker process: start fast, end with the parent, and ignore Ctrl-C.

    Args:
        parent: process number of the parent.
    """
    collect_rarely()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)


def end_with_parent(parent: int) -> None:
    """Make this process end by SIGTERM soon after its parent has ended; call it once.

    A killed parent cannot end its workers, so they check for a change of their parent process.

    Args:
        parent: process number of the parent, passed by the parent because it could end before this
            process asks for it.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
