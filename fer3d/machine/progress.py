"""A progress bar in a terminal, a line for every tenth otherwise."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from fer3d.machine import terminal

UNKNOWN_EVERY_S = 30.0  # interval of the lines where the total is not known


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; yields a function that advances it.

    It shows how many are done in a second, and the time left. If standard error is not a terminal
    (a log, a batch job), or messages are JSON, it prints a line for every tenth.

    Args:
        description: what is counted.
        total: their number; None if unknown, as for a camera.
    """
    console = Console(stderr=True)
    if terminal.as_json() or not console.is_terminal:
        yield _Lines(description, total)
        return
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task(description, total=total)
        yield lambda count: bars.advance(bar, count)


class _RateColumn(ProgressColumn):
    """Number processed per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else _rate(speed), style="progress.data.speed")


class _Lines:
    """Advances a count, and prints it for every tenth, or now and then without a total."""

    def __init__(self, description: str, total: int | None):
        self._description, self._total = description, total
        self._done, self._start = 0, time.monotonic()
        self._said = self._start

    def __call__(self, count: int) -> None:
        before, self._done = self._done, self._done + count
        now = time.monotonic()
        if self._total is None:
            due = now - self._said > UNKNOWN_EVERY_S
        else:
            due = 10 * self._done // max(self._total, 1) > 10 * before // max(self._total, 1)
        if due:
            self._said = now
            terminal.say(self._line(now - self._start), done=self._done, total=self._total)

    def _line(self, seconds: float) -> str:
        if self._total is None:
            return f"{self._description}: {self._done}, {_rate(self._done / seconds)}"
        line = f"{self._description}: {self._done} of {self._total}"
        if seconds < 1:
            return line
        left = (self._total - self._done) * seconds / self._done
        return f"{line}, {_rate(self._done / seconds)}" + (f", {left:.0f} s left" * (left > 0))


def _rate(speed: float) -> str:
    return f"{speed:.1f}/s" if speed < 10 else f"{speed:.0f}/s"
