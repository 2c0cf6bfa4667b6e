"""Triangle meshes."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from fer3d.geometry.typing import Triangles

TINY = 1e-12  # a shorter normal has no direction, as of a vertex without triangles


@dataclass(frozen=True)
class TriangleMesh:
    """A surface of triangles.

    Attributes:
        vertices: (V, 3) float, any frame.
        triangles: (T, 3) integer, counter-clockwise seen from outside.
    """

    vertices: Shaped[np.ndarray, "v 3"]
    triangles: Triangles


def vertex_normals(
    vertices: Shaped[np.ndarray, "v 3"], triangles: Triangles
) -> Float[np.ndarray, "v 3"]:
    """Normals of a mesh's vertices, outward, weighted by area and not of unit length.

    Args:
        vertices: any frame.
        triangles: counter-clockwise seen from outside.

    Returns:
        float64; zero where a vertex belongs to no triangle.
    """
    x, y, z = vertices.T
    a, b, c = triangles.T
    ux, uy, uz = x[b] - x[a], y[b] - y[a], z[b] - z[a]
    vx, vy, vz = x[c] - x[a], y[c] - y[a], z[c] - z[a]
    faces = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
    corners = triangles.ravel()
    sums = (np.bincount(corners, np.repeat(face, 3), len(vertices)) for face in faces)
    return np.stack(list(sums), axis=1)


def unit_vectors(vectors: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape 3"]:
    """Vectors of length one; zero vectors stay zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), TINY)
