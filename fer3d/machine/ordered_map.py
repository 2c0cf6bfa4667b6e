"""One ordered map over tasks, with a progress bar: processes on this machine, or a Dask cluster."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from fer3d.errors import UserError
from fer3d.machine.lifetimes import deaf_to_interrupts, serve
from fer3d.machine.progress import progress
from fer3d.machine.settings import Settings
from fer3d.machine.threads import ONE_THREAD, Result, Task, single_threaded

IN_FLIGHT = 4  # tasks a worker: one computed, others at hand or done while an earlier one is not


def map_ordered(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    settings: Settings,
    description: str,
    weights: Sequence[int] | None = None,
) -> Iterator[Result]:
    """Apply ``function`` to every task in worker processes; results come in the tasks' order.

    Each worker process computes with one thread, so numerical results do not depend on the number
    of workers. ``function`` and tasks must be picklable; what is expensive to load (a network) is
    loaded inside ``function`` and kept by a cache of its module. A few tasks a worker are under way
    at once, the results that nobody has taken yet among them, so neither tasks nor results pile up.
    ``function`` may run twice on a task, if a worker of a cluster dies.

    Args:
        settings: processes here (one computes in this process) or a Dask cluster.
        description: left of the progress bar.
        weights: images in each task, so that the bar counts images; 1 each by default. With them
            ``tasks`` may be a generator, asked for one task at a time.
    """
    if weights is None:
        tasks = list(tasks)
        weights = [1] * len(tasks)
    with progress(description, total=sum(weights)) as advance:
        for count, result in zip(weights, _results(function, tasks, settings), strict=True):
            yield result
            advance(count)


def workers(settings: Settings) -> int:
    """How many tasks are computed at the same time."""
    if settings.parallel == "dask":
        from fer3d.machine.dask_cluster import connect, count_workers

        return max(1, count_workers(connect(settings)))
    return settings.workers


def batches(count: int, size: int) -> list[range]:
    """The numbers 0 .. count - 1 in consecutive ranges of at most ``size``."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def _results(
    function: Callable[[Task], Result], tasks: Iterable[Task], settings: Settings
) -> Iterator[Result]:
    if settings.parallel == "dask":
        from fer3d.machine.dask_cluster import connect, map_on_cluster

        return map_on_cluster(connect(settings), function, tasks)
    if settings.workers == 1:
        return (single_threaded(function, task) for task in tasks)
    return _in_processes(function, tasks, settings.workers)


def _in_processes(
    function: Callable[[Task], Result], tasks: Iterable[Task], count: int
) -> Iterator[Result]:
    """The next task is drawn when the first result has been taken."""
    pool = ProcessPoolExecutor(count, initializer=serve, initargs=(os.getpid(),), env=ONE_THREAD)
    remaining = iter(tasks)
    waiting: deque[Future[Result]] = deque()

    def send(most: int) -> None:
        for task in islice(remaining, most):
            waiting.append(pool.submit(single_threaded, function, task))

    try:
        with deaf_to_interrupts():  # this starts the workers
            send(IN_FLIGHT * count)
        while waiting:
            yield waiting[0].result()
            waiting.popleft()
            send(1)
    except TerminatedWorkerError:
        raise UserError(
            "a worker process ended abruptly, most likely for want of memory: run `dvc repro` "
            "again, with a lower FER3D_WORKERS; what is in the object store is kept"
        ) from None
    finally:
        pool.shutdown(kill_workers=bool(waiting))
