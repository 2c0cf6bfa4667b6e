import os
import signal
import time

import pytest

from fer3d.errors import UserError
from fer3d.machine.ordered_map import IN_FLIGHT, batches, map_ordered, workers
from fer3d.machine.settings import Settings

LONG_S = 600.0  # of a task that nobody waits for


def square(x: int) -> tuple[int, int]:
    return x * x, os.getpid()


def on(count: int) -> Settings:
    return Settings(workers=count)


def wait(seconds: float) -> None:
    time.sleep(seconds)


def slow_at_first(x: int) -> int:
    time.sleep(1.0 if x == 0 else 0.0)
    return x


def end(x: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(x: int) -> None:
    raise ArithmeticError(f"task {x}")


@pytest.mark.parametrize("count", [1, 2])
def test_results_come_in_order(count):
    results = list(map_ordered(square, range(20), settings=on(count), description="squares"))
    assert [value for value, _ in results] == [x * x for x in range(20)]
    outside = {pid for _, pid in results} - {os.getpid()}
    assert bool(outside) == (count > 1)


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_in_a_task_reaches_the_caller(count):
    with pytest.raises(ArithmeticError, match="task 3"):
        list(map_ordered(fail, [3], settings=on(count), description="failing"))


def test_a_log_gets_a_line_for_every_tenth(capfd):
    list(map_ordered(square, range(40), settings=on(1), description="squares"))
    lines = capfd.readouterr().err.splitlines()
    counted = [line.split(",")[0] for line in lines]  # after a second, rate and time follow
    assert counted == [f"squares: {4 * tenth} of 40" for tenth in range(1, 11)]


def test_no_tasks():
    assert list(map_ordered(square, [], settings=on(2), description="nothing")) == []


def test_batches_cover_everything_once():
    assert [list(rows) for rows in batches(5, 2)] == [[0, 1], [2, 3], [4]]
    assert batches(0, 2) == []


@pytest.mark.parametrize("taken", [1, 5])
def test_tasks_are_made_as_results_are_taken(taken):
    made = []

    def tasks():
        for i in range(400):
            made.append(i)
            yield i

    results = map_ordered(square, tasks(), settings=on(2), description="slow", weights=[1] * 400)
    for _ in range(taken):
        next(results)
    time.sleep(1)  # the workers could do all of them
    assert len(made) < 2 * IN_FLIGHT + taken
    results.close()


def test_one_slow_task_holds_the_others_up_and_loses_none():
    results = map_ordered(slow_at_first, range(50), settings=on(2), description="slow")
    assert list(results) == list(range(50))


def test_whoever_stops_early_does_not_wait_for_the_rest():
    results = map_ordered(wait, [0.0, LONG_S, LONG_S], settings=on(2), description="waits")
    next(results)
    start = time.monotonic()
    results.close()
    assert time.monotonic() - start < LONG_S
    results = map_ordered(wait, [-1.0, LONG_S, LONG_S], settings=on(2), description="waits")
    with pytest.raises(ValueError, match="non-negative"):
        next(results)
    assert time.monotonic() - start < LONG_S


def test_a_worker_that_ends_abruptly_is_an_error_that_says_what_to_do():
    with pytest.raises(UserError, match="FER3D_WORKERS"):
        list(map_ordered(end, [1, 2], settings=on(2), description="ending"))


def test_how_many_tasks_are_computed_at_once():
    assert workers(on(3)) == 3
