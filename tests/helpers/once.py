"""Fixtures that are created once per run of pytest, for all processes of pytest-xdist."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock


def common_folder(factory: pytest.TempPathFactory) -> Path:
    """A temporary folder of this run, the same in each of its processes."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def one_at_a_time(factory: pytest.TempPathFactory, name: str) -> Iterator[None]:
    """A block for one process of this run at a time."""
    with FileLock(common_folder(factory) / f"{name}.lock"):
        yield


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder created with ``make(folder)`` by the first process that needs it."""
    folder = common_folder(factory) / name
    made = folder.with_suffix(".made")
    with one_at_a_time(factory, name):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of an attempt that failed
            make(folder)
            made.touch()
    return folder
