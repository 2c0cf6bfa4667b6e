"""The ensemble of regression trees of a dlib file, for many faces at once.

dlib runs its trees face by face. Their leaves are too large for the processor's caches, so most of
the time it waits for memory. Here each tree is read once for all faces of a batch; the points are
those of dlib.

Source: V. Kazemi and J. Sullivan, One Millisecond Face Alignment with an Ensemble of Regression
Trees, 2014.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Integer, UInt8

from fer3d.reconstruction.trees import (
    add_trees,
    read_floats,
    read_integers,
    read_trees,
    sample_features,
)

VERSION = 1  # of the file
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Level:
    """One level of the cascade: trees that correct all points.

    Attributes:
        pairs, thresholds, leaves: see ``trees.add_trees``.
        anchors, offsets: see ``trees.sample_features``.
    """

    pairs: Integer[np.ndarray, "t s 2"]
    thresholds: Float32[np.ndarray, "t s"]
    leaves: Float32[np.ndarray, "t l c"]
    anchors: Integer[np.ndarray, " f"]
    offsets: Float32[np.ndarray, "f 2"]


@dataclass(frozen=True)
class ShapePredictor:
    """The trees.

    Attributes:
        mean: (P, 2) float32, the mean shape, in sides of the box.
        levels: of the cascade.
    """

    mean: Float32[np.ndarray, "p 2"]
    levels: tuple[Level, ...]

    def __call__(
        self, images: UInt8[np.ndarray, "n h w"], box: Box
    ) -> Integer[np.ndarray, "n p 2"]:
        """The points of one face in each image, independent of the other images.

        Args:
            images: grey.
            box: left, top, right, bottom of all faces, px, inclusive.

        Returns:
            Columns and rows of pixels.
        """
        shapes = np.repeat(self.mean[None], len(images), axis=0)
        for level in self.levels:
            features = sample_features(images, box, shapes, self.mean, level.anchors, level.offsets)
            flat = shapes.reshape(len(images), self.mean.size)
            add_trees(flat, features, level.pairs, level.thresholds, level.leaves)
        corner, far = np.array(box[:2], np.float64), np.array(box[2:], np.float64)
        return np.floor(shapes * (far - corner) + corner + 0.5).astype(np.int64)


def read_shape_predictor(file: Path) -> ShapePredictor:
    """Read a file of ``dlib::shape_predictor``.

    Raises:
        ValueError: not such a file, or it is truncated.
    """
    numbers = _Numbers(_mapped(file), file)
    numbers.expect(VERSION)
    mean = numbers.matrix().reshape(-1, 2)
    forests = [numbers.forest() for _ in range(numbers.one())]
    anchors = [numbers.integers(numbers.one()) for _ in range(numbers.one())]
    offsets = [numbers.floats(2 * numbers.one()).reshape(-1, 2) for _ in range(numbers.one())]
    levels = (
        Level(*forest, *more) for forest, *more in zip(forests, anchors, offsets, strict=True)
    )
    return ShapePredictor(mean, tuple(levels))


class _Numbers:
    """Reads a file of integers; floats are two each, mantissa and exponent."""

    def __init__(self, data: np.ndarray, file: Path):
        self._data, self._file, self._at = data, file, 0

    def integers(self, count: int) -> np.ndarray:
        """(count,) int64."""
        values, self._at = read_integers(self._data, self._at, count)
        self._check()
        return values

    def one(self) -> int:
        return int(self.integers(1)[0])

    def expect(self, *values: int) -> None:
        if self.integers(len(values)).tolist() != list(values):
            raise self._wrong()

    def floats(self, count: int) -> np.ndarray:
        """(count,) float32."""
        values, self._at = read_floats(self._data, self._at, count)
        self._check()
        return values

    def matrix(self) -> np.ndarray:
        """(R,) float32: a column, after its negated numbers of rows and columns."""
        rows = -self.one()
        self.expect(-1)
        return self.floats(rows)

    def forest(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs, thresholds and leaves of the trees of one level, all of the same depth."""
        trees, start = self.one(), self._at
        splits = self.one()
        self.integers(4 * splits)
        self.expect(splits + 1)
        rows = -self.one()
        pairs = np.empty((trees, splits, 2), np.int64)
        thresholds = np.empty((trees, splits), np.float32)
        leaves = np.empty((trees, splits + 1, rows), np.float32)
        # the sizes of all trees are those of the first
        self._at = read_trees(self._data, start, pairs, thresholds, leaves)
        self._check()
        return pairs, thresholds, leaves

    def _check(self) -> None:
        if not 0 <= self._at <= len(self._data):
            raise self._wrong()

    def _wrong(self) -> ValueError:
        return ValueError(f"{self._file} is not a shape predictor of dlib, or truncated")


def _mapped(file: Path) -> np.ndarray:
    """The bytes of a file, (B,) uint8; reading them into memory would take longer than parsing."""
    if file.stat().st_size == 0:  # cannot be mapped
        return np.empty(0, np.uint8)
    return np.asarray(np.memmap(file, np.uint8, "r"))
