"""Normals of planes: eigenvectors of the smallest eigenvalue, in compiled loops.

Points near each other on a surface spread in two directions, so the smallest eigenvalue lies apart
from the others, and Newton's method finds it in a few steps without branches. Covariances for which
that is not so, as of points on a line, are solved by a slower formula.
"""

import math

import numpy as np

from fer3d.geometry.compiled import compiled, inlined

Vector = tuple[float, float, float]
Symmetric = tuple[float, float, float, float, float, float]  # matrix: xx, xy, xz, yy, yz, zz

TWO_THIRDS_PI = 2.09439510239319549  # nearest float; 2 * math.pi / 3 is one less
BLOCK = 64  # matrices that are solved at once
CONVERGED = 1e-12  # last step, relative to the trace
APART = 1e-6  # squared product of the distances to the other eigenvalues, relative to the trace


@compiled
def plane_normals(covariances: np.ndarray) -> np.ndarray:
    """Unit eigenvectors of the smallest eigenvalues, of either sign.

    Args:
        covariances: (6, M) float64: xx, xy, xz, yy, yz, zz.

    Returns:
        (M, 3) float64; zero for a matrix of zeros.
    """
    count = covariances.shape[1]
    normals, block = np.empty((count, 3)), np.ones(10 * BLOCK)
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        for row in range(6):
            block[row * BLOCK : row * BLOCK + size] = covariances[row, start : start + size]
        _solve_block(block)
        for m in range(size):
            xx, xy, xz, yy, yz, zz, x, y, z, good = block[m::BLOCK]
            if not good:
                x, y, z = _by_cosines((xx, xy, xz, yy, yz, zz))
            normals[start + m, 0], normals[start + m, 1], normals[start + m, 2] = x, y, z
    return normals


@compiled
def _solve_block(block: np.ndarray) -> None:
    """``_by_newton`` of many matrices at once.

    Args:
        block: (10 * BLOCK,) float64: six numbers of the matrices, then four for the results. One
            array with constant distances, or else the loop is not vectorized.
    """
    for m in range(BLOCK):
        matrix = (
            block[m],
            block[m + BLOCK],
            block[m + 2 * BLOCK],
            block[m + 3 * BLOCK],
            block[m + 4 * BLOCK],
            block[m + 5 * BLOCK],
        )
        x, y, z, good = _by_newton(matrix)
        block[m + 6 * BLOCK], block[m + 7 * BLOCK], block[m + 8 * BLOCK] = x, y, z
        block[m + 9 * BLOCK] = 1.0 if good else 0.0


@inlined
def _by_newton(matrix: Symmetric) -> tuple[float, float, float, bool]:
    """Unit eigenvector of the smallest eigenvalue, and whether it is accurate.

    Newton's method from 0, which is below all eigenvalues, converges from below. The eigenvector
    is the longest cross product of two rows.
    """
    trace = matrix[0] + matrix[3] + matrix[5]
    xx, xy, xz = matrix[0] / trace, matrix[1] / trace, matrix[2] / trace
    yy, yz, zz = matrix[3] / trace, matrix[4] / trace, matrix[5] / trace
    a, b, c = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    minors, determinant = a + xx * zz - xz * xz + xx * yy - xy * xy, xx * a + xy * b + xz * c
    # written out, because Numba does not vectorize a loop in the loop over points
    value, step = _newton_step(0.0, minors, determinant)
    value, step = _newton_step(value, minors, determinant)
    value, step = _newton_step(value, minors, determinant)
    value, step = _newton_step(value, minors, determinant)
    value, step = _newton_step(value, minors, determinant)
    value, step = _newton_step(value, minors, determinant)
    xx, yy, zz = xx - value, yy - value, zz - value
    first = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    second = first[1], xx * zz - xz * xz, xy * xz - xx * yz
    third = first[2], second[2], xx * yy - xy * xy
    longest = _longer(_longer(first, second), third)
    square = _square(longest)
    scale = 1 / math.sqrt(square)
    good = (square > APART) & (abs(step) < CONVERGED)
    return longest[0] * scale, longest[1] * scale, longest[2] * scale, good


@inlined
def _newton_step(value: float, minors: float, determinant: float) -> tuple[float, float]:
    """The next value, and by how much it differs."""
    above = ((1 - value) * value - minors) * value + determinant
    step = above / ((3 * value - 2) * value + minors)
    return value + step, step


@inlined
def _longer(u: Vector, v: Vector) -> Vector:
    """The longer vector; of equals, the first."""
    longer = _square(v) > _square(u)
    return (
        v[0] if longer else u[0],
        v[1] if longer else u[1],
        v[2] if longer else u[2],
    )


@inlined
def _square(u: Vector) -> float:
    return u[0] * u[0] + u[1] * u[1] + u[2] * u[2]


@compiled
def _by_cosines(matrix: Symmetric) -> Vector:
    """Unit eigenvector of the smallest eigenvalue of any covariance, of either sign.

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
