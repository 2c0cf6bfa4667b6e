"""Loop subdivision of a fixed mesh as one sparse matrix.

A mesh with fixed triangles is subdivided once; for each face, a sparse matrix is multiplied with
its vertices.

Source: C. Loop, Smooth Subdivision Surfaces Based on Triangles, 1987; the interior weights are
J. Warren's (3/16 for three neighbours, 3/(8 n) for more); boundary rules as for a cubic B-spline.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped
from scipy import sparse

from fer3d.geometry.typing import Triangles

EDGE_ENDS, EDGE_WINGS = 3 / 8, 1 / 8  # weights of a new point inside the mesh
BOUNDARY_SELF, BOUNDARY_NEIGHBOUR = 3 / 4, 1 / 8  # weights of an old point on the boundary


@dataclass(frozen=True)
class Subdivision:
    """A finer mesh, linear in the vertices of the coarse mesh.

    Attributes:
        matrix: (M, V) float64, each row sums to 1; rows 0 to V - 1 are the old vertices after
            smoothing.
        triangles: (T, 3) int64, indices into the M vertices, oriented like the coarse triangles.
    """

    matrix: sparse.csr_array
    triangles: Triangles

    def __len__(self) -> int:
        """M, the number of its vertices."""
        return self.matrix.shape[0]

    def __call__(
        self, vertices: Shaped[np.ndarray, "*batch v 3"]
    ) -> Float[np.ndarray, "*batch m 3"]:
        """The vertices of the finer mesh, in the same frame and unit, float64."""
        vertices = np.asarray(vertices, dtype=np.float64)
        if vertices.shape[-2] != self.matrix.shape[1]:
            raise ValueError(f"expected {self.matrix.shape[1]} vertices, got {vertices.shape[-2]}")
        columns = np.moveaxis(vertices, -2, 0)
        fine = self.matrix @ columns.reshape(len(columns), -1)
        return np.moveaxis(fine.reshape(-1, *columns.shape[1:]), 0, -2)


def subdivide(triangles: Triangles, vertex_count: int, levels: int) -> Subdivision:
    """Loop subdivision, ``levels`` times.

    Args:
        triangles: (T, 3) integer, an oriented manifold mesh, optionally with a boundary.
        vertex_count: V, the number of vertices of the coarse mesh.
        levels: each divides a triangle into four; 0: no subdivision.

    Raises:
        ValueError: an edge with more than two triangles, or a negative number of levels.
    """
    if levels < 0:
        raise ValueError(f"expected 0 or more levels of subdivision, got {levels}")
    triangles = np.asarray(triangles, dtype=np.int64)
    matrix = sparse.eye_array(vertex_count, format="csr")
    for _ in range(levels):
        step, triangles = _step(triangles, matrix.shape[0])
        matrix = sparse.csr_array(step @ matrix)
    matrix.sort_indices()
    return Subdivision(matrix, triangles)


def _step(triangles: np.ndarray, count: int) -> tuple[sparse.csr_array, np.ndarray]:
    """One level: the (V + E, V) matrix, and the triangles."""
    corners = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1)  # (T, 3 edges, 2)
    edges, edge_of, uses = np.unique(
        np.sort(corners.reshape(-1, 2), axis=1), axis=0, return_inverse=True, return_counts=True
    )
    if uses.max() > 2:
        raise ValueError(f"expected a manifold mesh, got an edge in {uses.max()} triangles")
    opposite = np.roll(triangles, -2, axis=1).ravel()
    old = _old_points(edges, uses == 1, count)
    new = _new_points(edges, uses == 1, edge_of.ravel(), opposite, count)
    middle = count + edge_of.reshape(-1, 3)
    return sparse.vstack([old, new], format="csr"), _split(triangles, middle)


def _split(triangles: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Four triangles of one: three at the corners, one between the midpoints of the edges."""
    before = np.roll(middle, 1, axis=1)
    at_corners = np.stack([triangles, middle, before], axis=-1).reshape(-1, 3)
    return np.concatenate([at_corners, middle])


def _new_points(
    edges: np.ndarray, boundary: np.ndarray, edge_of: np.ndarray, opposite: np.ndarray, count: int
) -> sparse.csr_array:
    """(E, V): one new point per edge, from its ends and the opposite vertices."""
    ends = np.where(boundary, 1 / 2, EDGE_ENDS)
    wings = np.where(boundary[edge_of], 0.0, EDGE_WINGS)
    rows = np.concatenate([np.repeat(np.arange(len(edges)), 2), edge_of])
    columns = np.concatenate([edges.ravel(), opposite])
    weights = np.concatenate([np.repeat(ends, 2), wings])
    return _matrix(weights, rows, columns, (len(edges), count))


def _old_points(edges: np.ndarray, boundary: np.ndarray, count: int) -> sparse.csr_array:
    """(V, V): the old points, smoothed by their neighbours."""
    on_boundary = np.zeros(count, dtype=bool)
    on_boundary[edges[boundary]] = True
    ends = np.concatenate([edges, edges[:, ::-1]])  # each edge in both directions
    along_boundary = np.tile(boundary, 2)
    valence = np.bincount(ends[:, 0], minlength=count)
    inner = np.where(valence == 3, 3 / 16, 3 / (8 * np.maximum(valence, 1)))  # 1: for no neighbours
    weights = np.where(on_boundary[ends[:, 0]], BOUNDARY_NEIGHBOUR, inner[ends[:, 0]])
    weights[on_boundary[ends[:, 0]] & ~along_boundary] = 0.0
    kept = np.where(on_boundary, BOUNDARY_SELF, 1 - valence * inner)
    diagonal = np.arange(count)
    return _matrix(
        np.concatenate([kept, weights]),
        np.concatenate([diagonal, ends[:, 0]]),
        np.concatenate([diagonal, ends[:, 1]]),
        (count, count),
    )


def _matrix(
    weights: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]
) -> sparse.csr_array:
    used = weights != 0
    return sparse.csr_array((weights[used], (rows[used], columns[used])), shape=shape)
