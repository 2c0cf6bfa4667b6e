"""A z-buffer for one mesh.

An edge belongs to both adjacent triangles, of which the nearer one is drawn. No pixel centre falls
between two triangles that share an edge, because both compute it from the same numbers.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Integer, Shaped

from fer3d.geometry.typing import Triangles
from fer3d.relighting.zbuffer import interpolate, nearest_triangles


@dataclass(frozen=True)
class Fragments:
    """The visible triangle of each pixel, and the position on it.

    Attributes:
        triangle: (H, W) int64, index of the nearest triangle, -1 if there is none.
        weights: (H, W, 3) float64, barycentric coordinates, zero if there is no triangle.
    """

    triangle: Integer[np.ndarray, "h w"]
    weights: Float[np.ndarray, "h w 3"]

    @property
    def covered(self) -> Bool[np.ndarray, "h w"]:
        """Pixels with a triangle."""
        return self.triangle >= 0

    def interpolate(
        self,
        values: Shaped[np.ndarray, "v ..."],
        triangles: Triangles,
    ) -> Float[np.ndarray, "h w ..."]:
        """Interpolate values of the vertices, (V,) or (V, C), at the pixels: (H, W) or (H, W, C),
        float64.

        Zero if there is no triangle.
        """
        columns = np.asarray(values, np.float64).reshape(len(values), -1).T
        layers = [
            interpolate(np.ascontiguousarray(column), triangles, self.triangle, self.weights)
            for column in columns
        ]
        return np.stack(layers, axis=-1).reshape(*self.triangle.shape, *values.shape[1:])


def rasterize(
    vertices: Shaped[np.ndarray, "..."], triangles: Triangles, height: int, width: int
) -> Fragments:
    """Find the nearest triangle of every pixel of an orthographic picture.

    Args:
        vertices: (V, 3) float, px: x right, y down from the top left corner of the top left
            pixel, z away from the viewer (image frame). Pixels are sampled at their centres.
        triangles: (T, 3) integer, of any orientation.
        height, width: of the picture, px.

    Returns:
        The nearest triangle of each pixel; at equal depth, the one with the lowest index.

    Raises:
        ValueError: vertices are not (V, 3), or not finite.
    """
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"expected vertices of shape (V, 3), got {vertices.shape}")
    if not np.isfinite(vertices).all():
        raise ValueError("expected finite vertices")
    triangle, weights = nearest_triangles(
        np.ascontiguousarray(vertices, np.float64),
        np.ascontiguousarray(triangles, np.int64),
        height,
        width,
    )
    return Fragments(triangle, weights)
