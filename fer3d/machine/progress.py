"""A progress bar in a terminal, a line for every tenth otherwise."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@contextmanager
def progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; yields a function that advances it.

    If standard error is not a terminal (a log, a batch job), it prints a line for every tenth.
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
