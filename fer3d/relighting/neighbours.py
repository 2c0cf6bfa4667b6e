"""Least squares planes through the nearest neighbours of each point, in compiled loops.

Neighbours are found without a tree. Points are sorted into the cells of a grid over x and y. The
search for a point starts with a guess: its neighbours on similar surfaces. The farthest of them
bounds the search radius, so the grid is searched once. The result does not depend on the guess.
"""

import math

import numpy as np

from fer3d.geometry.cells import Grid
from fer3d.geometry.compiled import compiled

Vector = tuple[float, float, float]
Symmetric = tuple[float, float, float, float, float, float]  # matrix: xx, xy, xz, yy, yz, zz

SLACK = 1e-6  # cells, added to the radius of a search against rounding
TWO_THIRDS_PI = 2.09439510239319549  # nearest float; 2 * math.pi / 3 is one less


@compiled
def plane_normals(points: np.ndarray, grid: Grid, guess: np.ndarray, neighbours: int) -> np.ndarray:
    """Unit normals of the planes through nearest neighbours.

    Args:
        points: (N, 3) float64, finite.
        grid: the points to use.
        guess: (N, G) int, likely neighbours of each point, itself first, nearest first; G may be 0.
        neighbours: number of points of a plane, including the point itself; all if there are fewer.

    Returns:
        (N, 3) float64, of either sign; zero for points that are not in the grid.
    """
    count = len(grid.order)
    sorted_points = points[grid.order]
    place = np.full(len(points), -1, np.int32)
    for p in range(count):
        place[grid.order[p]] = p
    near = np.empty(min(neighbours, count), np.int32)
    far = np.empty(len(near))
    seen = np.full(count, -1, np.int32)
    normals = np.zeros(points.shape)
    for p in range(count):
        i = grid.order[p]
        guessed = _guess(sorted_points, p, place, guess[i], near, far, seen)
        _nearest(sorted_points, grid, p, guessed, near, far, seen)
        normals[i] = smallest_eigenvector(_covariance(sorted_points, near))
    return normals


@compiled
def _guess(
    points: np.ndarray,
    p: int,
    place: np.ndarray,
    guess: np.ndarray,
    near: np.ndarray,
    far: np.ndarray,
    seen: np.ndarray,
) -> int:
    """Initialize the neighbours of point ``p`` with likely ones; returns their number.

    Args:
        points: (M, 3), in the grid's order.
        place: (N,) index of each point in that order, -1 if it is not in the grid.
        guess: (G,) indices of likely neighbours.
        near, far: (K,) outputs: places of neighbours, nearest first, and squared distances.
        seen: (M,) for each point, the last one of which it became a neighbour.
    """
    far[:] = np.inf
    count = 0
    for candidate in guess:
        q = place[candidate]
        if q >= 0 and count < len(near):
            _insert(near, far, count, q, _apart(points, p, q))
            seen[q] = p
            count += 1
    return count


@compiled
def _nearest(
    points: np.ndarray,
    grid: Grid,
    p: int,
    count: int,
    near: np.ndarray,
    far: np.ndarray,
    seen: np.ndarray,
) -> None:
    """Complete the neighbours, of which ``_guess`` has set ``count``."""
    last = len(near) - 1
    reach = math.sqrt(far[last]) if count > last else grid.cell
    _look_through(points, grid, p, reach, near, far, seen)
    while far[last] > reach * reach and count <= last:
        reach *= 2
        _look_through(points, grid, p, reach, near, far, seen)


@compiled
def _look_through(
    points: np.ndarray,
    grid: Grid,
    p: int,
    reach: float,
    near: np.ndarray,
    far: np.ndarray,
    seen: np.ndarray,
) -> None:
    """Insert points that are nearer than the farthest neighbour, from cells within ``reach``."""
    x, y = (points[p, 0] - grid.left) / grid.cell, (points[p, 1] - grid.top) / grid.cell
    reach = reach / grid.cell + SLACK
    left, right = int(max(x - reach, 0.0)), int(min(x + reach, grid.width - 1.0))
    top, bottom = int(max(y - reach, 0.0)), int(min(y + reach, grid.height - 1.0))
    limit, last = far[-1], len(near) - 1
    for row in range(top * grid.width, bottom * grid.width + 1, grid.width):
        for q in range(grid.start[row + left], grid.start[row + right + 1]):
            apart = _apart(points, p, q)
            if (apart < limit) & (seen[q] != p):  # one test, because it is rarely true
                _insert(near, far, last, q, apart)
                seen[q] = p
                limit = far[last]


@compiled
def _apart(points: np.ndarray, p: int, q: int) -> float:
    """Squared distance of two points."""
    x, y, z = points[q, 0] - points[p, 0], points[q, 1] - points[p, 1], points[q, 2] - points[p, 2]
    return x * x + y * y + z * z


@compiled
def _insert(near: np.ndarray, far: np.ndarray, at: int, q: int, apart: float) -> None:
    """Insert a point into sorted lists, replacing their entry ``at``, which is farther."""
    while at > 0 and far[at - 1] > apart:
        far[at] = far[at - 1]
        near[at] = near[at - 1]
        at -= 1
    far[at] = apart
    near[at] = q


@compiled
def _covariance(points: np.ndarray, chosen: np.ndarray) -> Symmetric:
    """Mean of the products of coordinates minus the product of their means, summed in order."""
    x = y = z = xx = xy = xz = yy = yz = zz = 0.0
    for q in chosen:
        a, b, c = points[q, 0], points[q, 1], points[q, 2]
        x, y, z = x + a, y + b, z + c
        xx, xy, xz = xx + a * a, xy + a * b, xz + a * c
        yy, yz, zz = yy + b * b, yz + b * c, zz + c * c
    n = len(chosen)
    x, y, z = x / n, y / n, z / n
    return (
        xx / n - x * x,
        xy / n - x * y,
        xz / n - x * z,
        yy / n - y * y,
        yz / n - y * z,
        zz / n - z * z,
    )


@compiled
def smallest_eigenvector(matrix: Symmetric) -> Vector:
    """Unit eigenvector of the smallest eigenvalue of a covariance, of either sign.

    Eigenvalues by the cosine formula. The first eigenvector is that of the eigenvalue that is
    better separated from the middle one. Zero for a matrix of zeros.

    Source: D. Eberly, A Robust Eigensolver for 3 x 3 Symmetric Matrices, 2014.
    """
    largest = max(matrix[0], matrix[3], matrix[5])  # of a covariance, on the diagonal
    if largest <= 0:
        return 0.0, 0.0, 0.0
    xx, xy, xz = matrix[0] / largest, matrix[1] / largest, matrix[2] / largest
    yy, yz, zz = matrix[3] / largest, matrix[4] / largest, matrix[5] / largest
    off_diagonal = xy * xy + xz * xz + yz * yz
    if off_diagonal == 0:
        return _axis_of_smallest(xx, yy, zz)
    mean = (xx + yy + zz) / 3
    a, b, c = xx - mean, yy - mean, zz - mean
    spread = math.sqrt((a * a + b * b + c * c + off_diagonal * 2) / 6)
    minors = b * c - yz * yz, xy * c - yz * xz, xy * yz - b * xz
    determinant = (a * minors[0] - xy * minors[1] + xz * minors[2]) / (spread * spread * spread)
    half = min(max(determinant * 0.5, -1.0), 1.0)
    angle = math.acos(half) / 3
    high, low = math.cos(angle) * 2, math.cos(angle + TWO_THIRDS_PI) * 2
    scaled = xx, xy, xz, yy, yz, zz
    if half < 0:
        return _eigenvector(scaled, mean + spread * low)
    first = _eigenvector(scaled, mean + spread * high)
    return _cross(_second_eigenvector(scaled, first, mean - spread * (low + high)), first)


@compiled
def _axis_of_smallest(xx: float, yy: float, zz: float) -> Vector:
    """The eigenvector of a diagonal matrix."""
    if xx <= yy and xx <= zz:
        return 1.0, 0.0, 0.0
    if yy <= zz:
        return 0.0, 1.0, 0.0
    return 0.0, 0.0, 1.0


@compiled
def _eigenvector(matrix: Symmetric, value: float) -> Vector:
    """Unit eigenvector of a simple eigenvalue: the longest cross product of two rows."""
    xx, xy, xz, yy, yz, zz = matrix
    rows = (xx - value, xy, xz), (xy, yy - value, yz), (xz, yz, zz - value)
    longest = _cross(rows[0], rows[1])
    square = _dot(longest, longest)
    for other in (_cross(rows[0], rows[2]), _cross(rows[1], rows[2])):
        if _dot(other, other) > square:
            longest, square = other, _dot(other, other)
    length = math.sqrt(square)
    return longest[0] / length, longest[1] / length, longest[2] / length


@compiled
def _second_eigenvector(matrix: Symmetric, first: Vector, value: float) -> Vector:
    """Unit eigenvector of another eigenvalue, perpendicular to the first eigenvector."""
    if abs(first[0]) > abs(first[1]):
        scale = 1 / math.sqrt(first[0] * first[0] + first[2] * first[2])
        u = -first[2] * scale, 0.0, first[0] * scale
    else:
        scale = 1 / math.sqrt(first[1] * first[1] + first[2] * first[2])
        u = 0.0, first[2] * scale, -first[1] * scale
    v = _cross(first, u)
    turned_u, turned_v = _times(matrix, u), _times(matrix, v)
    uu, uv, vv = _dot(u, turned_u) - value, _dot(u, turned_v), _dot(v, turned_v) - value
    along = uu if abs(uu) >= abs(vv) else vv
    if along == 0 and uv == 0:  # both directions have this eigenvalue
        return u
    if abs(along) >= abs(uv):
        ratio = uv / along
        main = 1 / math.sqrt(1 + ratio * ratio)
        cross = ratio * main
    else:
        ratio = along / uv
        cross = 1 / math.sqrt(1 + ratio * ratio)
        main = ratio * cross
    if abs(uu) >= abs(vv):
        return _combine(cross, u, -main, v)
    return _combine(main, u, -cross, v)


@compiled
def _combine(a: float, u: Vector, b: float, v: Vector) -> Vector:
    return a * u[0] + b * v[0], a * u[1] + b * v[1], a * u[2] + b * v[2]


@compiled
def _times(matrix: Symmetric, v: Vector) -> Vector:
    xx, xy, xz, yy, yz, zz = matrix
    return _dot((xx, xy, xz), v), _dot((xy, yy, yz), v), _dot((xz, yz, zz), v)


@compiled
def _cross(u: Vector, v: Vector) -> Vector:
    return u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]


@compiled
def _dot(u: Vector, v: Vector) -> float:
    return u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
