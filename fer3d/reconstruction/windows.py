"""Inputs of a network: pixels, and its features sampled in windows; compiled."""

import math

import numpy as np

from fer3d.geometry.compiled import compiled


@compiled
def write_fractions(pixels: np.ndarray, result: np.ndarray) -> None:
    """Write pixels as fractions of white.

    Args:
        pixels: (...) uint8, contiguous.
        result: (...) float32, contiguous, of the same size; is overwritten with 0 to 1.
    """
    flat, fractions = pixels.reshape(-1), result.reshape(-1)
    for n in range(flat.size):
        fractions[n] = np.float32(flat[n]) / np.float32(255)


@compiled
def sample_windows(features: np.ndarray, windows: np.ndarray, size: int) -> np.ndarray:
    """Features in one window of each map, interpolated bilinearly between cell centres.

    Args:
        features: (N, H, W, C) float32.
        windows: (N, 2, 3) float64, affine from samples to cells, with the origin at corners.
        size: number of samples per side.

    Returns:
        (N, size, size, C) float32, zero outside of the centres of the map's border.
    """
    count, height, width, channels = features.shape
    samples = np.zeros((count, size, size, channels), np.float32)
    for n in range(count):
        window = windows[n]
        for row in range(size):
            for column in range(size):
                across, down = column + 0.5, row + 0.5
                x = window[0, 0] * across + window[0, 1] * down + window[0, 2] - 0.5
                y = window[1, 0] * across + window[1, 1] * down + window[1, 2] - 0.5
                if 0 <= x <= width - 1 and 0 <= y <= height - 1:
                    _interpolate(features[n], x, y, samples[n, row, column])
    return samples


@compiled
def _interpolate(grid: np.ndarray, x: float, y: float, result: np.ndarray) -> None:
    """Write the values (C,) of a grid (H, W, C) at a place between its samples."""
    left, top = math.floor(x), math.floor(y)
    right, below = min(left + 1, grid.shape[1] - 1), min(top + 1, grid.shape[0] - 1)
    across, down = x - left, y - top
    for c in range(grid.shape[2]):
        upper = grid[top, left, c] * (1 - across) + grid[top, right, c] * across
        lower = grid[below, left, c] * (1 - across) + grid[below, right, c] * across
        result[c] = upper * (1 - down) + lower * down
