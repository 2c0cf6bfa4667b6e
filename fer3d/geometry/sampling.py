"""Colours of a reconstructed face, from the photo that it was reconstructed from."""

import numpy as np


def sample_colours(image: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """What the image shows at each vertex, hidden or not.

    Args:
        image: (H, W, 3) uint8, RGB.
        vertices: (V, 2 or 3) float, px, image frame; outside the image its border is repeated.

    Returns:
        (V, 3) uint8, RGB, between the centres of pixels linearly.

    Source: Feng et al. 2018 (paper A, section 3.1: a coloured point cloud).
    """
    height, width = image.shape[:2]
    column, row = np.moveaxis(np.asarray(vertices, dtype=np.float64)[:, :2] - 0.5, -1, 0)
    column, row = column.clip(0, width - 1), row.clip(0, height - 1)
    left, top = np.floor(column).astype(int), np.floor(row).astype(int)
    right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (column - left)[:, None], (row - top)[:, None]
    upper = image[top, left] * (1 - across) + image[top, right] * across
    lower = image[below, left] * (1 - across) + image[below, right] * across
    return np.rint(upper * (1 - down) + lower * down).astype(np.uint8)
