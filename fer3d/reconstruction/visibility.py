"""Which points of the reconstructed surface the image shows.

The paper: "if several points share the same x, y coordinates, we only keep the outer-most two
points and mask the others", so that what the network made up for the hidden part of the face is
not used. How that is read here:

* It happens in the image frame, before the face is turned. Points share x, y when they lie in
  the same square cell. The paper's cells are pixels of a face about 160 px wide that carries
  43,867 points; cells here are larger as the points are fewer, so that a cell of a frontal face
  holds as many points as the paper's: about two, which is why two are kept.
* Outermost means nearest to the viewer. (Nearest and farthest would keep the hidden side.)
* The paper's points lie on an even grid, a face mesh has more where eyes and lips are. Points of
  one sheet of the surface do not hide each other, however many share a cell: a point is masked
  only if it lies deeper than the outermost two by more than one cell and what the surface's
  slope across the cell explains. Counted literally, the rule would mask two points of five of a
  frontal face.
* A point whose surface faces away is hidden even where nothing else shares its cell, as at the
  far cheek of a turned head; it goes too.

Source: paper A, section 3.2.

The other rule asks the question itself: a ray through each point along the line of sight shows
whether the surface lies in front of it. It needs no cells and leaves no speckle; against rays at
the true surface it is the better one (docs/accuracy3d.md).
"""

import numpy as np
from jaxtyping import Bool, Shaped

from fer3d.geometry.cells import sort_into_cells
from fer3d.geometry.meshes import vertex_normals
from fer3d.geometry.typing import Triangles
from fer3d.reconstruction.occlusion import areas_seen, hidden

KEPT = 2  # outermost points of a cell
PAPER_POINTS = 43_867  # points of the paper's reconstruction
PAPER_CELLS = 160  # cells across its face: 256 px, of which the crop leaves 1/1.6 to the face
CELL_DIAGONAL = np.sqrt(2.0)  # the longest way across a cell, in cells

TOLERANCE = 0.004  # of the face's extent: how far behind the surface a point still lies on it
CELLS = 4.0  # of the search for triangles in front, per point, in the square around the face


def visible_points(
    vertices: Shaped[np.ndarray, "..."], triangles: Triangles
) -> Bool[np.ndarray, " v"]:
    """The paper's rule on one surface.

    Args:
        vertices: (V, 3) float, px, image frame (z away from the viewer).
        triangles: (T, 3) integer, counter-clockwise when seen from outside the face.

    Returns:
        (V,) bool, True where the image shows the point.

    Raises:
        ValueError: vertices are not (V, 3), or all lie in one place.
    """
    vertices, extent = _checked(vertices)
    normals = vertex_normals(vertices, triangles)
    cell = extent / cells_across(len(vertices))
    return (normals[:, 2] < 0) & _on_outer_sheet(vertices, normals, cell)


def unoccluded_points(
    vertices: Shaped[np.ndarray, "..."], triangles: Triangles
) -> Bool[np.ndarray, " v"]:
    """Points that face the viewer with nothing of the surface in front of them, by rays along z.

    Arguments, result and errors are those of :func:`visible_points`. The projection is taken as
    parallel: on true faces that changes one point in a thousand.
    """
    vertices, extent = _checked(vertices)
    vertices, triangles = np.ascontiguousarray(vertices), np.ascontiguousarray(triangles)
    facing = areas_seen(vertices, triangles) < 0
    if not facing.any():
        return facing
    grid = sort_into_cells(vertices, np.flatnonzero(facing), CELLS)
    return facing & ~hidden(vertices, triangles, grid, TOLERANCE * extent)


def cells_across(points: int) -> int:
    """Cells across a face so that each holds as many of so many points as the paper's do."""
    return max(1, round(PAPER_CELLS * np.sqrt(points / PAPER_POINTS)))


def _checked(vertices: np.ndarray) -> tuple[np.ndarray, float]:
    """Vertices as float64, and the longer side of the box around them in the image."""
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"expected vertices of shape (V, 3), got {vertices.shape}")
    vertices = np.asarray(vertices, dtype=np.float64)
    extent = float(max(np.ptp(vertices[:, 0]), np.ptp(vertices[:, 1])))
    if not (0 < extent < np.inf):
        raise ValueError("expected a surface seen from outside, got vertices in one place")
    return vertices, extent


def _on_outer_sheet(vertices: np.ndarray, normals: np.ndarray, cell: float) -> np.ndarray:
    """(V,) bool: no deeper than the second outermost point of its cell, but for the slope."""
    steps = np.floor((vertices[:, :2] - vertices[:, :2].min(axis=0)) / cell).astype(np.int64)
    cells = steps[:, 1] * (steps[:, 0].max() + 1) + steps[:, 0]
    depth = vertices[:, 2]
    order = np.lexsort((depth, cells))
    start = np.flatnonzero(np.diff(cells[order], prepend=-1))
    count = np.diff(start, append=len(order))
    outermost = depth[order[start + np.minimum(count, KEPT) - 1]]
    facing = np.maximum(np.abs(normals[:, 2]), np.finfo(float).tiny)  # guards seen edge-on
    slope = np.hypot(normals[:, 0], normals[:, 1]) / facing
    limit = np.empty(len(vertices))
    limit[order] = np.repeat(outermost, count)
    return depth <= limit + (1 + slope * CELL_DIAGONAL) * cell
