"""The regression trees against dlib, which runs them face by face."""

import math
from pathlib import Path

import dlib
import numpy as np
import pytest

from fer3d.reconstruction.landmarks import MODEL
from fer3d.reconstruction.shape_predictor import ShapePredictor, read_shape_predictor
from fer3d.reconstruction.trees import read_floats

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


def test_floats_of_any_size_are_read():
    """Most have three bytes of mantissa and one of exponent, which are read in another way."""
    mantissas = [0, 1, 200, 40_000, 9_000_001, 16_777_215, 2**31 + 1]
    numbers = [(s * m, e) for m in mantissas for s in (1, -1) for e in (0, 3, -24, -200, 255, -300)]
    data = np.frombuffer(b"".join(_encoded(n) for pair in numbers for n in pair), np.uint8)
    with np.errstate(over="ignore"):
        expected = [np.float32(math.ldexp(np.float32(m), e)) for m, e in numbers]
    values, end = read_floats(data, 0, len(numbers))
    assert values.tobytes() == np.array(expected).tobytes() and end == len(data)
    _, end = read_floats(data[:-1], 0, len(numbers))
    assert end > len(data) - 1


def _encoded(number: int) -> bytes:
    """An integer as dlib writes it: sign and number of bytes, then these, lowest first."""
    size = max(1, -(-abs(number).bit_length() // 8))
    return bytes([size | (0x80 if number < 0 else 0)]) + abs(number).to_bytes(size, "little")
