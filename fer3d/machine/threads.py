"""Limits numerical libraries to one thread per process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

ONE_THREAD = {  # for libraries that are loaded later, in a task
    f"{library}_THREADS": "1"
    for library in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM")
}


def single_threaded(function: Callable[[Task], Result], task: Task) -> Result:
    """Run a task with one thread in each of the loaded numerical libraries."""
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
    """Run PyTorch in one thread, so that sums have one order, and in full float32, without TF32.

    Args:
        cudnn: whether a GPU uses cuDNN; its sums differ from those of PyTorch's own kernels.
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
