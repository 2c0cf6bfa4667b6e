"""Visible points of the reconstructed surface.

The paper: "if several points share the same x, y coordinates, we only keep the outer-most two
points and mask the others", so that the network's prediction of hidden parts is not used.
Interpretation here:

* The image frame is used, before the rotation to the front. Points share x, y if they are in the
  same square cell. In the paper, cells are pixels of a face about 160 px wide with 43,867 points.
  Here the size of the cells is such that a cell of a frontal face contains as many points: about
  two, which is why two are kept.
* Outermost means nearest to the viewer. (Nearest and farthest would include the hidden side.)
* The paper's points are on a regular grid; a face mesh is denser at eyes and lips. Points of one
  sheet of the surface do not hide each other, so a point is masked only if it is deeper than the
  outermost two by more than one cell plus the slope of the surface across a cell. Taken literally,
  the rule would mask two of five points of a frontal face.
* Points whose surface faces away are hidden too, even alone in their cell, as at the far cheek of a
  rotated head.

Source: paper A, section 3.2.

The other method casts a ray through each point along the line of sight, to test if the surface is
in front of it. It is more accurate and has no speckle (docs/notes/accuracy3d.md).
"""

import numpy as np
from jaxtyping import Bool, Shaped

from fer3d.geometry.cells import sort_into_cells
from fer3d.geometry.meshes import vertex_normals
from fer3d.geometry.typing import Triangles
from fer3d.reconstruction.occlusion import areas_seen, hidden

KEPT = 2  # outermost points of a cell
PAPER_POINTS = 43_867  # points of the paper's reconstruction
PAPER_CELLS = 160  # cells across its face: 256 px, of which the face takes 1/1.6
CELL_DIAGONAL = np.sqrt(2.0)  # longest path across a cell, in cells

TOLERANCE = 0.004  # relative to the face's extent; largest distance of a point behind its surface
CELLS = 4.0  # cells per point, of the search for occluding triangles


def visible_points(
    vertices: Shaped[np.ndarray, "..."], triangles: Triangles
) -> Bool[np.ndarray, " v"]:
    """Visible points by the rule of the paper.

    Args:
        vertices: (V, 3) float, px, image frame (z away from the viewer).
        triangles: (T, 3) integer, counter-clockwise when seen from outside the face.

    Returns:
        (V,) bool, True for visible points.

    Raises:
        ValueError: vertices are not (V, 3), or coincide.
    """
    vertices, extent = _checked(vertices)
    normals = vertex_normals(vertices, triangles)
    cell = extent / cells_across(len(vertices))
    return (normals[:, 2] < 0) & _on_outer_sheet(vertices, normals, cell)


def unoccluded_points(
    vertices: Shaped[np.ndarray, "..."], triangles: Triangles
) -> Bool[np.ndarray, " v"]:
    """Visible points by ray casting: they face the viewer and no surface is in front of them.

    Arguments, result and errors as for :func:`visible_points`. The rays are parallel
    (docs/notes/accuracy3d.md).
    """
    vertices, extent = _checked(vertices)
    vertices, triangles = np.ascontiguousarray(vertices), np.ascontiguousarray(triangles)
    facing = areas_seen(vertices, triangles) < 0
    if not facing.any():
        return facing
    grid = sort_into_cells(vertices, np.flatnonzero(facing), CELLS)
    return facing & ~hidden(vertices, triangles, grid, TOLERANCE * extent)


def cells_across(points: int) -> int:
    """The number of cells across a face for which a cell has as many points as in the paper."""
    return max(1, round(PAPER_CELLS * np.sqrt(points / PAPER_POINTS)))


def _checked(vertices: np.ndarray) -> tuple[np.ndarray, float]:
    """Vertices as float64, and the longer side of their bounding box in the image."""
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"expected vertices of shape (V, 3), got {vertices.shape}")
    vertices = np.asarray(vertices, dtype=np.float64)
    extent = float(max(np.ptp(vertices[:, 0]), np.ptp(vertices[:, 1])))
    if not (0 < extent < np.inf):
        raise ValueError("expected a surface, got vertices that coincide")
    return vertices, extent


def _on_outer_sheet(vertices: np.ndarray, normals: np.ndarray, cell: float) -> np.ndarray:
    """(V,) bool: not deeper than the second outermost point of its cell, except for the slope."""
    steps = np.floor((vertices[:, :2] - vertices[:, :2].min(axis=0)) / cell).astype(np.int64)
    cells = steps[:, 1] * (steps[:, 0].max() + 1) + steps[:, 0]
    depth = vertices[:, 2]
    order = np.lexsort((depth, cells))
    start = np.flatnonzero(np.diff(cells[order], prepend=-1))
    count = np.diff(start, append=len(order))
    outermost = depth[order[start + np.minimum(count, KEPT) - 1]]
    facing = np.maximum(np.abs(normals[:, 2]), np.finfo(float).tiny)  # 0 if seen edge-on
    slope = np.hypot(normals[:, 0], normals[:, 1]) / facing
    limit = np.empty(len(vertices))
    limit[order] = np.repeat(outermost, count)
    return depth <= limit + (1 + slope * CELL_DIAGONAL) * cell
