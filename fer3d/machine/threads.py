"""Limits numerical libraries to one thread per process."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Task = TypeVar("Task")
Result = TypeVar("Result")

ONE_THREAD = {  # for libraries that are loaded later, in a task
    f"{library}_THREADS": "1"
    for library in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM")
}


def single_threaded(function: Callable[[Task], Result], task: Task) -> Result:
    """Run a task with one thread in each of the loaded numerical libraries."""
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with _libraries(len(sys.modules)).limit(limits=1):
            return function(task)
    finally:
        cv2.setNumThreads(threads)


@lru_cache(maxsize=1)
def _libraries(modules: int) -> "ThreadpoolController":
    """The loaded numerical libraries; the search takes 2 ms.

    Args:
        modules: number of loaded modules; with a new one there may be a new library.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


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
