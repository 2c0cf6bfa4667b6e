"""An ordered map over tasks with a progress bar, on local processes or a Dask cluster.

Both provide an executor of ``concurrent.futures`` and a number of workers, used by the same loop.
"""

import os
import platform
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice

from fer3d.errors import UserError
from fer3d.machine.processes import processes
from fer3d.machine.progress import progress
from fer3d.machine.settings import Settings
from fer3d.machine.threads import Result, Task, single_threaded

IN_FLIGHT = 4  # tasks per worker that are running, queued, or done before an earlier one
LOOK_S = 2.0  # interval at which the number of workers is read

_one_task = threading.Lock()  # one task per process: networks are not thread-safe


def map_ordered(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    settings: Settings,
    description: str,
    weights: Sequence[int] | None = None,
) -> Iterator[Result]:
    """Apply ``function`` to every task in worker processes; results are in the order of the tasks.

    Each worker computes with one thread, so results do not depend on the number of workers.
    ``function`` and tasks must be picklable; expensive objects such as networks are loaded inside
    ``function`` and cached in its module. The number of tasks in flight, including results that
    have not been consumed yet, is bounded. If a worker of a cluster dies, ``function`` may run
    twice on a task.

    Args:
        settings: local processes (a single worker computes in this process) or a Dask cluster.
        description: text of the progress bar.
        weights: number of images in each task, for the progress bar; by default 1. With weights
            ``tasks`` may be a generator, which is consumed one task at a time.

    Raises:
        UserError: workers died; the message says what to do.
    """
    if weights is None:
        tasks = list(tasks)
        weights = [1] * len(tasks)
    with progress(description, total=sum(weights)) as advance:
        for count, result in zip(weights, _results(function, tasks, settings), strict=True):
            yield result
            advance(count)


def workers(settings: Settings) -> int:
    """Number of tasks that are computed at the same time."""
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
    if settings.parallel == "processes" and settings.workers == 1:
        yield from (single_threaded(function, task) for task in tasks)
        return
    run = partial(_run, os.getcwd(), function)
    with _executor(settings) as (executor, size):
        yield from _in_order(executor, size, run, tasks)


def _executor(
    settings: Settings,
) -> AbstractContextManager[tuple[Executor, Callable[[], int]]]:
    if settings.parallel == "dask":
        from fer3d.machine.dask_cluster import cluster, connect

        return cluster(connect(settings))
    return processes(settings.workers)


def _in_order(
    executor: Executor,
    size: Callable[[], int],
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
) -> Iterator[Result]:
    """Results in the order of the tasks; a task is submitted when a result has been consumed.

    Args:
        size: returns the number of workers, which can change.
    """
    remaining = iter(tasks)
    waiting: deque[Future[Result]] = deque()
    while True:
        free = IN_FLIGHT * max(1, size()) - len(waiting)
        waiting.extend(executor.submit(function, task) for task in islice(remaining, max(0, free)))
        if not waiting:
            return
        wait([waiting[0]], timeout=LOOK_S)
        if waiting[0].done():
            yield waiting.popleft().result()


def _run(folder: str, function: Callable[[Task], Result], task: Task) -> Result:
    """Run one task in a worker, in the folder that its paths are relative to."""
    with _one_task:
        before = os.getcwd()
        try:
            os.chdir(folder)
        except OSError as error:
            raise UserError(
                f"a worker on {platform.node()} cannot access {folder} ({error.strerror}): the "
                "checkout must be on a file system that every worker mounts under the same path"
            ) from None
        try:
            return single_threaded(function, task)
        finally:
            os.chdir(before)
