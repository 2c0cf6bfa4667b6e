"""Compiled loops over triangles and pixels, for ``raster``."""

import math

import numpy as np

from fer3d.geometry.compiled import compiled


@compiled
def nearest_triangles(
    vertices: np.ndarray, triangles: np.ndarray, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest triangle of each pixel, and the barycentric weights.

    Args:
        vertices: (V, 3) float64, finite, px, image frame.
        triangles: (T, 3) int64.
        height, width: of the image, px.

    Returns:
        (H, W) int64, -1 if there is no triangle, and (H, W, 3) float64, zero without a triangle.
    """
    nearest = np.full((height, width), -1)
    weights = np.zeros((height, width, 3))
    depths = np.full((height, width), np.inf)
    for t in range(len(triangles)):
        a, b, c = triangles[t]
        left, right = _span(vertices[a, 0], vertices[b, 0], vertices[c, 0], width)
        top, bottom = _span(vertices[a, 1], vertices[b, 1], vertices[c, 1], height)
        for row in range(top, bottom):
            for column in range(left, right):
                u, v, w, inside = _barycentric(vertices, a, b, c, column + 0.5, row + 0.5)
                if not inside:
                    continue
                depth = u * vertices[a, 2] + v * vertices[b, 2] + w * vertices[c, 2]
                if depth < depths[row, column]:
                    depths[row, column] = depth
                    nearest[row, column] = t
                    weights[row, column, 0] = u
                    weights[row, column, 1] = v
                    weights[row, column, 2] = w
    return nearest, weights


@compiled
def with_corners_in(triangles: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The triangles (T, 3) whose three corners are chosen (V,) bool, in their order."""
    kept = np.empty_like(triangles)
    count = 0
    for t in range(len(triangles)):
        a, b, c = triangles[t]
        kept[count, 0], kept[count, 1], kept[count, 2] = a, b, c
        count += chosen[a] & chosen[b] & chosen[c]
    return kept[:count]


@compiled
def interpolate(
    values: np.ndarray, triangles: np.ndarray, nearest: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(H, W) float64: values of the vertices at the pixels, 0 without a triangle.

    Args:
        values: (V,) float64.
        triangles: (T, 3) int64.
        nearest, weights: from ``nearest_triangles``.
    """
    height, width = nearest.shape
    picture = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            t = nearest[row, column]
            if t >= 0:
                for corner in range(3):
                    value = values[triangles[t, corner]]
                    picture[row, column] += weights[row, column, corner] * value
    return picture


@compiled
def _span(a: float, b: float, c: float, size: int) -> tuple[int, int]:
    """First pixel with its centre in the range of three coordinates, and the first one beyond."""
    low = math.ceil(max(min(a, b, c) - 0.5, 0.0))
    high = math.floor(min(max(a, b, c) + 0.5, float(size)))
    return low, high


@compiled
def _barycentric(
    vertices: np.ndarray, a: int, b: int, c: int, x: float, y: float
) -> tuple[float, float, float, bool]:
    """Weights of a triangle's corners at a point, and whether it lies inside."""
    u, v, w = _edge(vertices, b, c, x, y), _edge(vertices, c, a, x, y), _edge(vertices, a, b, x, y)
    total = u + v + w
    inside = (u >= 0 and v >= 0 and w >= 0) or (u <= 0 and v <= 0 and w <= 0)
    if not inside or total == 0:  # no area: seen edge-on
        return 0.0, 0.0, 0.0, False
    return u / total, v / total, w / total, True


@compiled
def _edge(vertices: np.ndarray, start: int, end: int, x: float, y: float) -> float:
    """Twice the signed area between an edge and a point.

    Computed from the lower vertex index to the higher, so that the triangles on both sides of an
    edge get the same number with opposite signs.
    """
    first, second = min(start, end), max(start, end)
    ax, ay = vertices[first, 0], vertices[first, 1]
    area = (vertices[second, 0] - ax) * (y - ay) - (vertices[second, 1] - ay) * (x - ax)
    return area if start < end else -area
