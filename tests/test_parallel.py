import os

import pytest

from fer3d.parallel import batches, map_ordered


def square(x: int) -> tuple[int, int]:
    return x * x, os.getpid()


def fail(x: int) -> None:
    raise ArithmeticError(f"task {x}")


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers):
    results = list(map_ordered(square, range(20), workers=workers, description="squares"))
    assert [value for value, _ in results] == [x * x for x in range(20)]
    outside = {pid for _, pid in results} - {os.getpid()}
    assert bool(outside) == (workers > 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_task_reaches_the_caller(workers):
    with pytest.raises(ArithmeticError, match="task 3"):
        list(map_ordered(fail, [3], workers=workers, description="failing"))


def test_a_log_gets_a_line_for_every_tenth(capfd):
    list(map_ordered(square, range(40), workers=1, description="squares"))
    lines = capfd.readouterr().err.splitlines()
    assert lines == [f"squares: {4 * tenth} of 40" for tenth in range(1, 11)]


def test_no_tasks():
    assert list(map_ordered(square, [], workers=2, description="nothing")) == []


def test_batches_cover_everything_once():
    assert [list(rows) for rows in batches(5, 2)] == [[0, 1], [2, 3], [4]]
    assert batches(0, 2) == []
