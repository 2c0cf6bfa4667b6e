"""Spread of the nearest neighbours of each point, in compiled loops.

Neighbours are found without a tree. Points are sorted into the cells of a grid over x and y. The
search for a point starts with a guess: its neighbours on similar surfaces. The farthest of them
bounds the search radius, so the grid is searched once. The result does not depend on the guess.
"""

import math

import numpy as np

from fer3d.geometry.cells import Grid
from fer3d.geometry.compiled import compiled

SLACK = 1e-6  # cells, added to the radius of a search against rounding
WIDER = 4.0  # factor of the squared radius if it contains too few points
FAR = 16.0  # a guess whose squared radius is this many times the usual one bounds nothing
MANY = 4  # times the wanted number of points: more are reduced by selection


@compiled
def neighbour_covariances(
    points: np.ndarray, grid: Grid, guess: np.ndarray, neighbours: int
) -> np.ndarray:
    """Covariances of the nearest neighbours of each point: xx, xy, xz, yy, yz, zz.

    Args:
        points: (N, 3) float64, finite.
        grid: the points to use.
        guess: (N, G) int, likely neighbours of each point, itself first; G may be 0.
        neighbours: number of neighbours, including the point itself; all if there are fewer.

    Returns:
        (6, M) float64, in the order of the grid.
    """
    count = len(grid.order)
    columns = points[grid.order].T.copy()
    place = np.full(len(points), -1, np.int32)
    for p in range(count):
        place[grid.order[p]] = p
    wanted = min(neighbours, count)
    near, far = np.empty(count, np.int32), np.empty(count)
    answer = np.empty((6, count))
    for p in range(count):
        limit = _bound(columns, p, place, guess[grid.order[p]], wanted)
        found = _enough(columns, grid, p, wanted, limit, near, far)
        if found > MANY * wanted:
            found = _without_farther(near, far, found, wanted)
        while found > wanted:
            found = _without_farthest(near, far, found)
        _write_covariance(columns, p, near[:wanted], answer)
    return answer


@compiled
def nearest_neighbours(points: np.ndarray, grid: Grid, neighbours: int) -> np.ndarray:
    """(N, K) int32: the nearest points of each point, itself first.

    Args:
        points: (N, 3) float64, finite.
        grid: of all points.
        neighbours: K, at most N.
    """
    columns = points[grid.order].T.copy()
    near, far = np.empty(len(points), np.int32), np.empty(len(points))
    answer = np.empty((len(points), neighbours), np.int32)
    for p in range(len(points)):
        found = _enough(columns, grid, p, neighbours, np.inf, near, far)
        order = np.argsort(far[:found], kind="mergesort")[:neighbours]
        answer[grid.order[p]] = grid.order[near[order]]
    return answer


@compiled
def _enough(
    columns: np.ndarray,
    grid: Grid,
    p: int,
    wanted: int,
    limit: float,
    near: np.ndarray,
    far: np.ndarray,
) -> int:
    """``_within`` the limit, or within a wider one, with at least ``wanted`` points."""
    usual = wanted * grid.cell * grid.cell / math.pi  # for a point in each cell
    limit = usual if limit == np.inf else min(limit, FAR * usual)
    found = _within(columns, grid, p, limit, near, far)
    while found < wanted:
        limit *= WIDER
        found = _within(columns, grid, p, limit, near, far)
    return found


@compiled
def _bound(columns: np.ndarray, p: int, place: np.ndarray, guess: np.ndarray, wanted: int) -> float:
    """A squared distance from point ``p`` within which there are enough points; may be infinite.

    Args:
        columns: (3, M), in the grid's order.
        place: (N,) index of each point in that order, -1 if it is not in the grid.
        guess: (G,) indices of likely neighbours.
        wanted: number of points.
    """
    x, y, z = columns
    far, count = 0.0, 0
    for candidate in guess:
        q = place[candidate]
        if q >= 0:
            a, b, c = x[q] - x[p], y[q] - y[p], z[q] - z[p]
            far = max(far, a * a + b * b + c * c)
            count += 1
            if count == wanted:
                return far
    return np.inf


@compiled
def _within(
    columns: np.ndarray, grid: Grid, p: int, limit: float, near: np.ndarray, far: np.ndarray
) -> int:
    """Find the points within a squared distance; returns their number.

    Args:
        columns: (3, M), in the grid's order.
        grid: of the points.
        p: the point.
        limit: squared distance.
        near, far: (M,) outputs: the points, ascending, and squared distances.
    """
    x, y, z = columns
    u, v, w = x[p], y[p], z[p]
    reach = math.sqrt(limit) / grid.cell + SLACK
    across, down = (u - grid.left) / grid.cell, (v - grid.top) / grid.cell
    left, right = int(max(across - reach, 0.0)), int(min(across + reach, grid.width - 1.0))
    top, bottom = int(max(down - reach, 0.0)), int(min(down + reach, grid.height - 1.0))
    found = np.uint64(0)  # without a sign: Numba checks indices that may be negative
    for row in range(top * grid.width, bottom * grid.width + 1, grid.width):
        begin, end = grid.start[row + left], grid.start[row + right + 1]
        for q in range(np.uint64(begin), np.uint64(end)):
            a, b, c = x[q] - u, y[q] - v, z[q] - w
            apart = a * a + b * b + c * c
            near[found] = q  # written before the test, because its outcome is not predictable
            far[found] = apart
            found += np.uint64(apart <= limit)
    return int(np.int64(found))


@compiled
def _without_farther(near: np.ndarray, far: np.ndarray, count: int, wanted: int) -> int:
    """Remove points farther than the ``wanted`` nearest of ``count``; returns the new number."""
    limit = np.partition(far[:count], wanted - 1)[wanted - 1]
    kept = 0
    for i in range(count):
        if far[i] <= limit:
            near[kept], far[kept] = near[i], far[i]
            kept += 1
    return kept


@compiled
def _without_farthest(near: np.ndarray, far: np.ndarray, count: int) -> int:
    """Remove the farthest of ``count`` points, the first of equals; returns the new number."""
    last, most = 0, far[0]
    for i in range(1, count):
        more = far[i] > most
        last, most = i if more else last, far[i] if more else most
    for i in range(last, count - 1):
        near[i] = near[i + 1]
        far[i] = far[i + 1]
    return count - 1


@compiled
def _write_covariance(columns: np.ndarray, p: int, chosen: np.ndarray, answer: np.ndarray) -> None:
    """Mean of the products of coordinates minus the product of their means, relative to ``p``."""
    x, y, z = columns
    u = v = w = uu = uv = uw = vv = vw = ww = 0.0
    for place in chosen:
        q = np.uint64(place)
        a, b, c = x[q] - x[p], y[q] - y[p], z[q] - z[p]
        u, v, w = u + a, v + b, w + c
        uu, uv, uw = uu + a * a, uv + a * b, uw + a * c
        vv, vw, ww = vv + b * b, vw + b * c, ww + c * c
    n = len(chosen)
    u, v, w = u / n, v / n, w / n
    answer[0, p], answer[1, p], answer[2, p] = uu / n - u * u, uv / n - u * v, uw / n - u * w
    answer[3, p], answer[4, p], answer[5, p] = vv / n - v * v, vw / n - v * w, ww / n - w * w
