"""How worker processes behave when the run that they belong to ends before its time."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

LOOK_S = 1.0  # between two looks at whether the parent is still there


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started in the block never see Ctrl-C, which their parent answers.

    A terminal sends it to every process of a run, to those too that are still loading Python.
    """
    if threading.current_thread() is not threading.main_thread():  # only that one may ask for it
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited by new processes
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def serve(parent: int) -> None:
    """Begin the life of a worker process: see ``end_with_parent``, and leave Ctrl-C to the parent.

    Args:
        parent: number of the process that started this one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)


def end_with_parent(parent: int) -> None:
    """Make this process end, as by SIGTERM, soon after its parent is gone; to be called once.

    A parent that is killed cannot end its workers: they find themselves adopted, and leave.

    Args:
        parent: its number, told by the parent itself: it may be gone before anybody asks.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
