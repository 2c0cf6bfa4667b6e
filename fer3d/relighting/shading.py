"""Lambertian shading and rasterization of a frontal face."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Shaped, UInt8

from fer3d.geometry.typing import Triangles
from fer3d.relighting.raster import rasterize
from fer3d.relighting.zbuffer import with_corners_in

VIEWER = np.array([0.0, 0.0, 1.0])  # direction to the viewer, face frame
FRAME_TOP_LEFT = np.array([-10.0, 9.0])  # cm, face frame: x and y of the image's corner
FRAME_SIDE = 20.0
"""cm, side of the image. The reference face spans 15.5 x 17.7 cm from (-7.7, -9.4), with two
centimetres below the chin for an open mouth. Constant, so that pixels of different faces
correspond."""


@dataclass(frozen=True)
class ShadingImage:
    """A relit face.

    Attributes:
        shading: (S, S) uint8, 255 times the Lambertian intensity, 0 where hidden.
        mask: (S, S) bool, pixels that show a visible part of the face.
    """

    shading: UInt8[np.ndarray, "s s"]
    mask: Bool[np.ndarray, "s s"]


def unit(light: Shaped[np.ndarray, "..."]) -> Float[np.ndarray, "3"]:
    """A unit vector in the direction of the light.

    Raises:
        ValueError: not three finite numbers, or all of them zero.
    """
    light = np.asarray(light, dtype=np.float64)
    if light.shape != (3,) or not np.isfinite(light).all() or not light.any():
        raise ValueError(f"expected a direction of three numbers, not all zero, got {light}")
    return light / np.linalg.norm(light)


def lambert(
    normals: Float[np.ndarray, "*shape 3"], light: Shaped[np.ndarray, "..."]
) -> Float[np.ndarray, "*shape"] | np.floating:
    """Intensity of a white matt surface under one distant light: max(0, N . L).

    Args:
        normals: (..., 3) float, unit length, any frame.
        light: (3,) float, direction to the light in the same frame, any length but zero.

    Returns:
        (...) float64, 0 to 1. Surfaces that face away from the light are black.

    Raises:
        ValueError: a light without direction.

    Source: paper A, equation 2.
    """
    return np.maximum(normals @ unit(light), 0.0)


def to_picture(points: Float[np.ndarray, "*shape 3"], size: int) -> Float[np.ndarray, "*shape 3"]:
    """Points, cm, face frame, in px of the frontal image (image frame, z in px)."""
    scale = size / FRAME_SIDE
    x = points[..., 0] - FRAME_TOP_LEFT[0]
    y = FRAME_TOP_LEFT[1] - points[..., 1]
    return np.stack([x, y, -points[..., 2]], axis=-1) * scale


def shade(
    points: Float[np.ndarray, "v 3"],
    triangles: Triangles,
    normals: Float[np.ndarray, "v 3"],
    visible: Bool[np.ndarray, " v"],
    *,
    light: Shaped[np.ndarray, "3"],
    size: int,
) -> ShadingImage:
    """The frontal shading image of a surface under one light, without hidden parts.

    Only triangles with three visible corners are drawn.

    Args:
        points: (V, 3) float, cm, face frame.
        triangles: (T, 3) integer.
        normals: (V, 3) float, unit length, at least for visible points.
        visible: (V,) bool.
        light: (3,) float, direction to the light, face frame.
        size: side of the image, px.

    Source: paper A, section 3.3.
    """
    drawn = with_corners_in(triangles, visible)
    fragments = rasterize(to_picture(points, size), drawn, size, size)
    shading = fragments.interpolate(np.asarray(lambert(normals, light)), drawn)
    return ShadingImage(np.rint(255 * shading).astype(np.uint8), fragments.covered)
