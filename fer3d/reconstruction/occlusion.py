"""Occlusion of points of a surface in parallel projection, in compiled loops."""

import math

import numpy as np

from fer3d.geometry.cells import Grid
from fer3d.geometry.compiled import compiled


@compiled
def areas_seen(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V,) float64: z of the vertices' normals, weighted by area, as of ``meshes.vertex_normals``.

    Args:
        vertices: (V, 3) float64.
        triangles: (T, 3) int64.
    """
    sums = np.zeros(len(vertices))
    for t in range(len(triangles)):
        a, b, c = triangles[t]
        area = _edge(vertices, a, b, vertices[c, 0], vertices[c, 1])
        sums[a] += area
        sums[b] += area
        sums[c] += area
    return sums


@compiled
def hidden(vertices: np.ndarray, triangles: np.ndarray, grid: Grid, tolerance: float) -> np.ndarray:
    """(V,) bool: points with a triangle in front, in the direction of negative z.

    Args:
        vertices: (V, 3) float64, finite.
        triangles: (T, 3) int64, of any orientation.
        grid: the points to test; others are not hidden.
        tolerance: a triangle within this distance in front of a point does not hide it.
    """
    answer = np.zeros(len(vertices), np.bool_)
    points = vertices[grid.order]
    for t in range(len(triangles)):
        a, b, c = triangles[t]
        left, right = _cells(vertices, a, b, c, 0, grid.left, grid.cell, grid.width)
        top, bottom = _cells(vertices, a, b, c, 1, grid.top, grid.cell, grid.height)
        if left > right or top > bottom:  # beside the grid
            continue
        front = min(vertices[a, 2], vertices[b, 2], vertices[c, 2]) + tolerance
        for row in range(top * grid.width, bottom * grid.width + 1, grid.width):
            for place in range(grid.start[row + left], grid.start[row + right + 1]):
                if points[place, 2] <= front:
                    continue
                x, y, z = points[place]
                if _covers(vertices, a, b, c, x, y, z - tolerance):
                    answer[grid.order[place]] = True
    return answer


@compiled
def _cells(
    vertices: np.ndarray, a: int, b: int, c: int, axis: int, start: float, cell: float, count: int
) -> tuple[int, int]:
    """First and last cell along an axis that a triangle's bounding box touches; the last is smaller
    if it touches none."""
    p, q, r = vertices[a, axis], vertices[b, axis], vertices[c, axis]
    low, high = math.floor((min(p, q, r) - start) / cell), math.floor((max(p, q, r) - start) / cell)
    return max(low, 0), min(high, count - 1)


@compiled
def _covers(vertices: np.ndarray, a: int, b: int, c: int, x: float, y: float, limit: float) -> bool:
    """Whether a triangle covers a point of the plane, at a depth below ``limit``."""
    u, v, w = _edge(vertices, b, c, x, y), _edge(vertices, c, a, x, y), _edge(vertices, a, b, x, y)
    total = u + v + w
    inside = (u >= 0 and v >= 0 and w >= 0) or (u <= 0 and v <= 0 and w <= 0)
    if not inside or total == 0:  # no area: seen edge-on
        return False
    return (u * vertices[a, 2] + v * vertices[b, 2] + w * vertices[c, 2]) / total < limit


@compiled
def _edge(vertices: np.ndarray, start: int, end: int, x: float, y: float) -> float:
    """Twice the signed area between an edge and a point."""
    ax, ay = vertices[start, 0], vertices[start, 1]
    return (vertices[end, 0] - ax) * (y - ay) - (vertices[end, 1] - ay) * (x - ax)
