"""Tasks with one thread in each numerical library."""

import subprocess
import sys

import cv2
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from fer3d.machine.threads import single_threaded


def threads_of(task: object) -> set[int]:
    """Numbers of threads of all numerical libraries in a task."""
    return {cv2.getNumThreads(), *(library["num_threads"] for library in threadpool_info())}


def test_a_task_has_one_thread_and_the_next_code_those_of_before() -> None:
    assert np.eye(2).sum() == 2  # a library is loaded
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    with threadpool_limits(2):
        around = threads_of(None)
        for task in range(3):
            assert single_threaded(threads_of, task) == {1}
            assert threads_of(task) == around
    cv2.setNumThreads(before)


def test_a_library_that_is_loaded_between_tasks_has_one_thread_in_the_next() -> None:
    program = """
import os
os.environ["OMP_NUM_THREADS"] = "2"
import numpy
from threadpoolctl import threadpool_info
from fer3d.machine.threads import single_threaded

def threads(task):
    return {library["filepath"]: library["num_threads"] for library in threadpool_info()}

first = single_threaded(threads, 0)
import scipy.linalg
import torch
second = single_threaded(threads, 1)
assert len(second) > len(first), second
assert set(second.values()) == {1}, second
"""
    subprocess.run([sys.executable, "-c", program], check=True)
