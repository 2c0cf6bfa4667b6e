"""Levels of a pyramid on one canvas, so that one call of the proposal network scans an image.

The order of summation in PyTorch's kernels depends on the shape of a call, which must therefore not
depend on the number of images. A call per level and image would be slow for the small levels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fer3d.alignment.boxes import CELL, STRIDE

_LOST = 2  # px that the first convolution takes from a side
CANVAS_PIXELS = 1 << 16  # most per call, to bound its memory; a larger level has its own canvas

Sides = tuple[int, int]


@dataclass(frozen=True)
class Canvas:
    """Places of levels on a canvas, apart from each other.

    Attributes:
        height, width: of the canvas, px, multiples of ``STRIDE``.
        levels: (L,) int64, indices of the levels on it, ascending.
        places: (L, 4) int64, top, left, height and width of each, px; top and left are multiples
            of ``STRIDE``.
    """

    height: int
    width: int
    levels: np.ndarray
    places: np.ndarray

    @cached_property
    def cells(self) -> np.ndarray:
        """(h, w) int64, of the network's output: which of the levels a cell sees, or -1 if it also
        sees what is beside the level."""
        answer = np.full((_cells(self.height), _cells(self.width)), -1)
        for number, (top, left, height, width) in enumerate(self.places):
            row, column = top // STRIDE, left // STRIDE
            answer[row : row + _cells(height), column : column + _cells(width)] = number
        return answer

    @cached_property
    def edges(self) -> np.ndarray:
        """(2, K) int64, pixels of the first convolution's output, counted by rows: those beyond the
        edges of levels that share a window of the pooling with the last one inside, and that one.

        Where they are equal, the pooling takes the maximum over the inside of a level.
        """
        beyond, inside = [], []
        for top, left, height, width in self.places - [0, 0, _LOST, _LOST]:
            rows, columns = np.mgrid[: _even(height), : _even(width)]
            outer = (rows >= height) | (columns >= width)
            row, column = rows[outer] + top, columns[outer] + left
            beyond.append(row * (self.width - _LOST) + column)
            row, column = np.minimum(row, top + height - 1), np.minimum(column, left + width - 1)
            inside.append(row * (self.width - _LOST) + column)
        return np.stack([np.concatenate(beyond), np.concatenate(inside)])


def arrange(sides: Sequence[Sides]) -> list[Canvas]:
    """Canvases for levels of descending size: one for each large level, one for the others.

    Args:
        sides: height and width of each level, px, at least ``CELL``.
    """
    large = [level for level, (height, width) in enumerate(sides) if height * width > CANVAS_PIXELS]
    groups = [*([level] for level in large), range(len(large), len(sides))]
    return [_canvas(sides, group) for group in groups if group]


def _canvas(sides: Sequence[Sides], levels: Sequence[int]) -> Canvas:
    """Each level at the first free place of its size; there is always one below the others."""
    free = [(0, 0, sum(_even(sides[level][0]) for level in levels), _even(sides[levels[0]][1]))]
    corners = []
    for level in levels:
        high, wide = map(_even, sides[level])
        number = next(n for n, (*_, h, w) in enumerate(free) if high <= h and wide <= w)
        top, left, height, width = free[number]
        beside = (top, left + wide, high, width - wide)
        below = (top + high, left, height - high, width)
        free[number : number + 1] = [beside, below]
        corners.append((top, left))
    places = np.concatenate([corners, [sides[level] for level in levels]], axis=1)
    height, width = map(_even, (places[:, :2] + places[:, 2:]).max(axis=0).tolist())
    return Canvas(height, width, np.array(levels), places)


def _cells(side: int) -> int:
    """Number of cells along a side in px; the pooling of the last one may exceed the side."""
    return (side - CELL + 1) // STRIDE + 1


def _even(side: int) -> int:
    """The side, rounded up to a multiple of ``STRIDE``."""
    return -(-side // STRIDE) * STRIDE
