"""The z-buffer without compiled code: all candidate pixels of all triangles in one array, tested at
once and sorted by depth. What ``raster.rasterize`` is compared with."""

import numpy as np

from fer3d.relighting.raster import Fragments


def rasterize(vertices: np.ndarray, triangles: np.ndarray, height: int, width: int) -> Fragments:
    """Arguments and result of ``fer3d.relighting.raster.rasterize``."""
    vertices = np.asarray(vertices, dtype=np.float64)
    owner, x, y = _candidates(vertices, triangles, height, width)
    weights, inside = _barycentric(vertices, triangles[owner], x + 0.5, y + 0.5)
    owner, pixel, weights = owner[inside], (y * width + x)[inside], weights[inside]
    depth = (weights * vertices[:, 2][triangles[owner]]).sum(axis=1)
    order = np.lexsort((owner, depth, pixel))
    pixels, first = np.unique(pixel[order], return_index=True)
    nearest = order[first]
    triangle = np.full(height * width, -1)
    triangle[pixels] = owner[nearest]
    on_pixels = np.zeros((height * width, 3))
    on_pixels[pixels] = weights[nearest]
    return Fragments(triangle.reshape(height, width), on_pixels.reshape(height, width, 3))


def _candidates(
    vertices: np.ndarray, triangles: np.ndarray, height: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels whose centres lie in the triangles' bounding boxes: triangle, x, y, (n,) each."""
    left, columns = _spans(vertices[:, 0], triangles, width)
    top, rows = _spans(vertices[:, 1], triangles, height)
    counts = columns * rows
    owner = np.repeat(np.arange(len(triangles)), counts)
    place = np.arange(len(owner)) - np.repeat(counts.cumsum() - counts, counts)
    row, column = np.divmod(place, columns[owner])
    return owner, left[owner] + column, top[owner] + row


def _spans(
    coordinate: np.ndarray, triangles: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """First pixel whose centre a triangle may reach along one axis, and how many: (T,) each."""
    a, b, c = (coordinate[corner] for corner in triangles.T)
    low = np.clip(np.ceil(np.minimum(np.minimum(a, b), c) - 0.5), 0, size)
    high = np.clip(np.floor(np.maximum(np.maximum(a, b), c) + 0.5), 0, size)
    return low.astype(np.int64), np.maximum(high - low, 0).astype(np.int64)


def _barycentric(
    vertices: np.ndarray, corners: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Barycentric coordinates (n, 3) of points in their triangles, and whether they lie inside."""
    a, b, c = corners.T
    u, v, w = (_edge(vertices, *ends, x, y) for ends in ((b, c), (c, a), (a, b)))
    total = u + v + w
    inside = ((u >= 0) & (v >= 0) & (w >= 0)) | ((u <= 0) & (v <= 0) & (w <= 0))
    inside &= total != 0
    total = np.where(total != 0, total, 1.0)  # guards triangles seen edge-on, without area
    return np.stack([u, v, w], axis=1) / total[:, None], inside


def _edge(
    vertices: np.ndarray, start: np.ndarray, end: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Twice the signed area between an edge and a point.

    Computed from the lower vertex index to the higher, so that the triangles on both sides of an
    edge get the same number but for its sign.
    """
    first, second = np.minimum(start, end), np.maximum(start, end)
    ax, ay = vertices[first, 0], vertices[first, 1]
    area = (vertices[second, 0] - ax) * (y - ay) - (vertices[second, 1] - ay) * (x - ax)
    return np.where(start < end, area, -area)
