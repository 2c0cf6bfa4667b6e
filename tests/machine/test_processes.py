"""Worker processes on this machine."""

import os
import time

from fer3d.machine.processes import processes

LARGE = 350 << 20  # bytes; loky replaces a process that grows by 300 MB after its first task

_models: list[bytes] = []


def _recognize(_: int) -> int:
    if not _models:
        _models.append(b"x" * LARGE)
    time.sleep(1.1)  # loky looks at the memory once a second
    return os.getpid()


def test_a_process_that_loads_large_models_in_its_first_task_stays() -> None:
    with processes(1) as (pool, _):
        tasks = [pool.submit(_recognize, number) for number in range(3)]
        assert len({task.result() for task in tasks}) == 1
