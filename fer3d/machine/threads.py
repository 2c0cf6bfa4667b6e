"""Numerical libraries kept to one thread a process."""

from collections.abc import Callable
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

ONE_THREAD = {  # for libraries that a task is the first to load
    f"{library}_THREADS": "1"
    for library in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM")
}


def single_threaded(function: Callable[[Task], Result], task: Task) -> Result:
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
