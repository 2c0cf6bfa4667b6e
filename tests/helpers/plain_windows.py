"""Sampling of a window in features without compiled code: what ``windows.sample_windows`` is
compared with."""

import numpy as np

from fer3d.geometry.sampling import bilinear


def sample_window(features: np.ndarray, window: np.ndarray, size: int) -> np.ndarray:
    """Features in a window, interpolated bilinearly between cell centres, zero outside.

    Args:
        window: affine from samples to cells, with the origin at corners.
        size: number of samples per side.
    """
    height, width = features.shape[:2]
    steps = np.arange(size) + 0.5
    across, down = np.meshgrid(steps, steps)
    x, y = np.einsum("ij,jvu->ivu", window[:, :2], [across, down]) + window[:, 2, None, None] - 0.5
    outside = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    return np.where(outside[..., None], 0, bilinear(features, x, y)).astype(np.float32)
