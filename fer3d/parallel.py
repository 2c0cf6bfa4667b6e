"""One ordered map over tasks: processes on this machine, with a progress bar."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Task = TypeVar("Task")
Result = TypeVar("Result")


def map_ordered(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    workers: int,
    description: str,
    weights: Sequence[int] | None = None,
) -> Iterator[Result]:
    """Apply ``function`` to every task in worker processes; results come in the tasks' order.

    Each worker process computes with one thread, so numerical results do not depend on the number
    of workers. ``function`` and tasks must be picklable; what is expensive to load (a network) is
    loaded inside ``function`` and kept by a cache of its module.

    Args:
        workers: processes; 1 computes in this process.
        description: left of the progress bar.
        weights: images in each task, so that the bar counts images; 1 each by default.
    """
    counts = weights if weights is not None else [1] * len(tasks)
    with progress(description, total=sum(counts)) as advance:
        for count, result in zip(counts, _results(function, tasks, workers), strict=True):
            yield result
            advance(count)


@contextmanager
def progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; the block is given a function that advances it.

    Where standard error is no terminal (a log, a batch job), a line for every tenth instead.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _tenths(description, total)
        return
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task(description, total=total)
        yield lambda count: bars.advance(bar, count)


def _tenths(description: str, total: int) -> Callable[[int], None]:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        before, done = done, done + count
        if 10 * done // max(total, 1) > 10 * before // max(total, 1):
            print(f"{description}: {done} of {total}", file=sys.stderr, flush=True)

    return advance


def batches(count: int, size: int) -> list[range]:
    """The numbers 0 .. count - 1 in consecutive ranges of at most ``size``."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def _results(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int
) -> Iterator[Result]:
    if workers == 1:
        return (_single_threaded(function, task) for task in tasks)
    pool = Parallel(n_jobs=workers, return_as="generator", batch_size=1, pre_dispatch="2 * n_jobs")
    return pool(delayed(_single_threaded)(function, task) for task in tasks)


def _single_threaded(function: Callable[[Task], Result], task: Task) -> Result:
    """Run one task with one thread in every numerical library that is loaded."""
    import cv2
    from threadpoolctl import threadpool_limits

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1):
            return function(task)
    finally:
        cv2.setNumThreads(threads)
