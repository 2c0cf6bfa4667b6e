"""Fixtures for the tests of alignment."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from fer3d.alignment.mtcnn import Mtcnn


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """The script that records the `mtcnn` package's faces, as a module."""
    path = Path(__file__).with_name("record_mtcnn_reference.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def mtcnn(assets_dir: Path) -> Mtcnn:
    return Mtcnn(assets_dir)


@pytest.fixture(scope="session")
def face(reference: ModuleType) -> np.ndarray:
    """A photograph (256, 256, 3) of one face, about 110 px wide, near the middle."""
    return reference.astronaut_face()


@pytest.fixture(scope="session")
def eyes_are_level() -> Callable[[np.ndarray], bool]:
    """Whether the eyes of points (5, 2) differ in height by less than 2 % of their distance."""
    return lambda points: bool(
        abs(points[1, 1] - points[0, 1]) < 0.02 * np.linalg.norm(points[1] - points[0])
    )
