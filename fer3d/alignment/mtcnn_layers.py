"""Layers between the convolutions of MTCNN's networks, compiled for the CPU.

PyTorch's own layers write every activated map to memory, and search for the places of the maxima,
which nobody needs. Here a row is activated and pooled while it is in the cache. The values are the
same; other devices use PyTorch's layers.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer3d.geometry.compiled import compiled

STRIDE = 2  # of the pooling, px
ZERO = np.float32(0)  # with an int, Numba compares in float64


class ActivatedPool(nn.PReLU):
    """PReLU of maps (N, C, H, W), then the maximum over windows at every second pixel.

    Attributes:
        side: of the windows, 2 or 3 px.
        inside: whether all windows lie inside; else those that exceed the bottom and right edges
            take the maximum over the inside.
    """

    def __init__(self, channels: int, side: int, inside: bool = False):
        super().__init__(channels)
        self.side, self.inside = side, inside

    def forward(self, maps: Tensor) -> Tensor:
        if maps.device.type != "cpu":
            active = super().forward(maps)
            return F.max_pool2d(active, self.side, STRIDE, ceil_mode=not self.inside)
        count, channels, *sides = maps.shape
        beyond = 0 if self.inside else STRIDE - 1
        shape = [(side - self.side + beyond) // STRIDE + 1 for side in sides]
        pooled = torch.empty((count, *shape, channels))
        slopes = self.weight.detach().numpy()
        _pool_active(_rows(maps).numpy(), slopes, self.side, pooled.numpy())
        return pooled.permute(0, 3, 1, 2)


def _rows(maps: Tensor) -> Tensor:
    """Maps (N, C, H, W) as (N, H, W, C); a view if they are channels last in memory."""
    return maps.permute(0, 2, 3, 1).contiguous()


@compiled
def _pool_active(maps: np.ndarray, slopes: np.ndarray, side: int, pooled: np.ndarray) -> None:
    """PReLU and maxima over windows.

    Args:
        maps: (N, H, W, C) float32.
        slopes: (C,) float32.
        side: of a window, px.
        pooled: (N, h, w, C) float32, output.
    """
    count, height, width, channels = maps.shape
    rows, repeated = maps.reshape(count, height, width * channels), _repeated(slopes, width)
    highest = np.empty(width * channels, np.float32)
    for n in range(count):
        for y in range(pooled.shape[1]):
            top = y * STRIDE
            _write_active(rows[n, top], repeated, highest)
            for below in range(top + 1, min(top + side, height)):
                _raise_to_active(rows[n, below], repeated, highest)
            _write_maxima(highest, side, pooled[n, y])


@compiled
def _repeated(slopes: np.ndarray, times: int) -> np.ndarray:
    answer = np.empty((times, len(slopes)), slopes.dtype)
    answer[:] = slopes
    return answer.reshape(-1)


@compiled
def _write_active(row: np.ndarray, slopes: np.ndarray, active: np.ndarray) -> None:
    for k in range(len(active)):
        value = row[k]
        active[k] = value if value > ZERO else value * slopes[k]


@compiled
def _raise_to_active(row: np.ndarray, slopes: np.ndarray, highest: np.ndarray) -> None:
    for k in range(len(highest)):
        value, before = row[k], highest[k]
        value = value if value > ZERO else value * slopes[k]
        highest[k] = value if value > before else before


@compiled
def _write_maxima(row: np.ndarray, side: int, pooled: np.ndarray) -> None:
    """Maxima of each channel over windows of a row (W * C,): (w, C)."""
    width, channels = pooled.shape
    end = len(row) - channels  # start of the last pixel, which a window may see twice
    for x in range(width):
        start = STRIDE * x * channels
        first = row[start : start + channels]
        start = min(start + channels, end)
        second = row[start : start + channels]
        start = min((STRIDE * x + side - 1) * channels, end)
        third = row[start : start + channels]
        target = pooled[x]
        for c in range(channels):
            value = first[c] if first[c] > second[c] else second[c]
            target[c] = value if value > third[c] else third[c]
