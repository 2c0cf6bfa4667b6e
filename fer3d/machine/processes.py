"""Worker processes on this machine."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from fer3d.errors import UserError
from fer3d.machine.lifetimes import deaf_to_interrupts, serve
from fer3d.machine.threads import ONE_THREAD, Result


class _Pool(ProcessPoolExecutor):  # type: ignore[misc]  # loky has no types
    """Starts all its processes with the first task.

    That must be a real one, which loads the models: loky compares the memory of a process with that
    after its first task, and replaces a process that has grown by 300 MB.
    """

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> "Future[Result]":
        with deaf_to_interrupts():
            return super().submit(fn, *args, **kwargs)


@contextmanager
def processes(count: int) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """An executor of local processes, and a function for their number.

    In the end the processes are killed: all results are there, or an error ends the run, and it
    would take them a second to unload their libraries.

    Raises:
        UserError: a process ended abruptly.
    """
    pool = _Pool(count, initializer=serve, initargs=(os.getpid(),), env=ONE_THREAD)
    try:
        yield pool, lambda: count
    except TerminatedWorkerError:
        raise UserError(
            "a worker process ended abruptly, probably out of memory: run the same command with a "
            "lower FER3D_WORKERS; what is done so far is kept"
        ) from None
    finally:
        pool.shutdown(kill_workers=True)
