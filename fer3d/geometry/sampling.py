"""Bilinear sampling of images."""

import cv2
import numpy as np
from jaxtyping import Float, Float32, Shaped, UInt8

from fer3d.geometry.typing import Image

_LONGEST = 16384  # positions per call; cv2.remap takes at most 32,767 rows


def bilinear(
    grid: Shaped[np.ndarray, "height width c"],
    column: Float[np.ndarray, "*shape"],
    row: Float[np.ndarray, "*shape"],
) -> Float[np.ndarray, "*shape c"]:
    """Values of a grid, interpolated bilinearly; beyond the border, border values are repeated.

    Args:
        grid: samples at integer columns and rows.
        column, row: positions, in samples from the centre of the first one.
    """
    height, width = grid.shape[:2]
    column, row = column.clip(0, width - 1), row.clip(0, height - 1)
    left, top = np.floor(column).astype(int), np.floor(row).astype(int)
    right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (column - left)[..., None], (row - top)[..., None]
    upper = grid[top, left] * (1 - across) + grid[top, right] * across
    lower = grid[below, left] * (1 - across) + grid[below, right] * across
    return upper * (1 - down) + lower * down


def sample_texture(
    texture: Float32[np.ndarray, "height width c"], where: Float32[np.ndarray, "n 2"]
) -> Float32[np.ndarray, "n c"]:
    """``bilinear`` by OpenCV, which rounds positions to fractions of a sample; for rendering.

    Args:
        texture: samples at integer columns and rows.
        where: columns and rows, in samples from the centre of the first one.
    """
    if not len(where):
        return np.zeros((0, texture.shape[2]), np.float32)
    looked_up = [
        cv2.remap(
            texture,
            part[:, None],
            None,  # type: ignore[call-overload]  # OpenCV's stubs require a second map
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for part in np.array_split(where, -(-len(where) // _LONGEST))
    ]
    return np.concatenate(looked_up)[:, 0]


def sample_colours(image: Image, vertices: Shaped[np.ndarray, "v d"]) -> UInt8[np.ndarray, "v 3"]:
    """The colour of the image at each vertex, hidden or not.

    Args:
        image: RGB.
        vertices: x, y and optionally z, px, image frame; outside the image, border pixels are
            repeated.

    Returns:
        RGB, interpolated bilinearly between pixel centres.

    Source: Feng et al. 2018 (paper A, section 3.1: a coloured point cloud).
    """
    column, row = np.moveaxis(np.asarray(vertices, dtype=np.float64)[:, :2] - 0.5, -1, 0)
    return np.rint(bilinear(image, column, row)).astype(np.uint8)
