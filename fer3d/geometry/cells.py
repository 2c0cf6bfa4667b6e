"""Points sorted into the cells of a grid over x and y, compiled, for the search for near points."""

import math
from typing import NamedTuple

import numpy as np

from fer3d.geometry.compiled import compiled


class Grid(NamedTuple):
    """Points sorted by cells.

    Compiled functions take it, so Numba's caches name this module: in a checkout with older caches
    they could not be read if it were renamed.

    Attributes:
        order: (M,) int32, indices of the points, cell by cell, row by row.
        start: (width * height + 1,) int32, start of each cell in ``order``.
        left, top: corner of the first cell.
        cell: side of a cell.
        width, height: number of cells.
    """

    order: np.ndarray
    start: np.ndarray
    left: float
    top: float
    cell: float
    width: int
    height: int


@compiled
def sort_into_cells(points: np.ndarray, used: np.ndarray, fineness: float) -> Grid:
    """Sort points into cells.

    Args:
        points: (N, 2 or more) float64, finite.
        used: (M,) int64, indices of the points to sort, at least one.
        fineness: cells per point in the square around the points.
    """
    x, y = points[used, 0], points[used, 1]
    left, top = x.min(), y.min()
    side = max(x.max() - left, y.max() - top)
    cell = side / math.sqrt(fineness * len(used)) if side > 0 else 1.0
    width, height = int((x.max() - left) / cell) + 1, int((y.max() - top) / cell) + 1
    cells = np.empty(len(used), np.int32)
    start = np.zeros(width * height + 1, np.int32)
    for p in range(len(used)):
        cells[p] = int((y[p] - top) / cell) * width + int((x[p] - left) / cell)
        start[cells[p] + 1] += 1
    for c in range(width * height):
        start[c + 1] += start[c]
    free = start[:-1].copy()
    order = np.empty(len(used), np.int32)
    for p in range(len(used)):
        order[free[cells[p]]] = used[p]
        free[cells[p]] += 1
    return Grid(order, start, left, top, cell, width, height)
