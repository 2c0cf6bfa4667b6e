"""Worker processes on this machine."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from fer3d.errors import UserError
from fer3d.machine.lifetimes import deaf_to_interrupts, serve
from fer3d.machine.threads import ONE_THREAD


@contextmanager
def processes(count: int) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """An executor of local processes, and a function for their number; on an error it ends them.

    Raises:
        UserError: a process ended abruptly.
    """
    pool = ProcessPoolExecutor(count, initializer=serve, initargs=(os.getpid(),), env=ONE_THREAD)
    done = False
    try:
        with deaf_to_interrupts():
            pool.submit(os.getpid)  # the first task starts all of them
        yield pool, lambda: count
        done = True
    except TerminatedWorkerError:
        raise UserError(
            "a worker process ended abruptly, probably out of memory: run the same command with a "
            "lower FER3D_WORKERS; what is done so far is kept"
        ) from None
    finally:
        pool.shutdown(kill_workers=not done)
