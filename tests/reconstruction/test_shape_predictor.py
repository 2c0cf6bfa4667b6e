"""The regression trees against dlib, which runs them face by face."""

from pathlib import Path

import dlib
import numpy as np
import pytest

from fer3d.reconstruction.landmarks import MODEL
from fer3d.reconstruction.shape_predictor import ShapePredictor, read_shape_predictor

BOX = 50, 50, 150, 150


@pytest.fixture(scope="module")
def predictor(assets_dir: Path) -> ShapePredictor:
    return read_shape_predictor(assets_dir / MODEL)


@pytest.fixture(scope="module")
def crops(astronaut: np.ndarray) -> np.ndarray:
    """(12, 200, 200) grey: a face at several places, cut at the border in some; and noise."""
    rng = np.random.default_rng(0)
    grey = np.pad(astronaut.mean(axis=-1).astype(np.uint8), 60)
    corners = rng.integers(0, np.array(grey.shape) - 200, (10, 2))
    faces = [grey[y : y + 200, x : x + 200] for y, x in corners]
    return np.stack([*faces, *rng.integers(0, 256, (2, 200, 200), np.uint8)])


def test_the_points_are_those_of_dlib(predictor, crops, assets_dir):
    reference = dlib.shape_predictor(str(assets_dir / MODEL))
    box = dlib.rectangle(*BOX)
    expected = [
        [(p.x, p.y) for p in reference(np.ascontiguousarray(c), box).parts()] for c in crops
    ]
    assert np.array_equal(predictor(crops, BOX), expected)


def test_a_face_does_not_depend_on_the_others(predictor, crops):
    alone = [predictor(crops[n : n + 1], BOX)[0] for n in range(len(crops))]
    assert np.array_equal(predictor(crops, BOX), alone)


def test_no_faces_have_no_points(predictor, crops):
    assert predictor(crops[:0], BOX).shape == (0, 68, 2)


@pytest.mark.parametrize("size", [0, 1, 1000, 1_000_000])
def test_a_truncated_file_is_named(size, assets_dir, tmp_path):
    file = tmp_path / "trees.dat"
    with (assets_dir / MODEL).open("rb") as whole:
        file.write_bytes(whole.read(size))
    with pytest.raises(ValueError, match=r"trees\.dat is not a shape predictor"):
        read_shape_predictor(file)


def test_another_file_is_named(tmp_path):
    file = tmp_path / "other.dat"
    file.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(ValueError, match="is not a shape predictor"):
        read_shape_predictor(file)
