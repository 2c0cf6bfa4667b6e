"""Numerical libraries kept to one thread a process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def reproducible_torch(cudnn: bool) -> Iterator[None]:
    """PyTorch in one thread, as several add up in another order; full float32 on a GPU, not TF32.

    Args:
        cudnn: whether a GPU convolves by cuDNN; its sums differ from those of PyTorch's kernels.
    """
    import torch

    threads = torch.get_num_threads()
    flags = torch.backends.cudnn.flags(enabled=cudnn, deterministic=True, allow_tf32=False)
    torch.set_num_threads(1)
    try:
        with flags:
            yield
    finally:
        torch.set_num_threads(threads)
