"""Crops of boxes, equal to those of TensorFlow, which the `mtcnn` package uses."""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numba import types
from numba.extending import intrinsic
from torch import Tensor

from fer3d.geometry.compiled import compiled

MIDDLE, SPREAD = np.float32(127.5), np.float32(128)  # of pixel values

_HALF, _ONE = np.float32(0.5), np.float32(1)


def _multiply_add(_context: Any, a: Any, b: Any, c: Any) -> Any:
    number = types.float32
    return number(number, number, number), lambda _, builder, __, values: builder.fma(*values)


# a * b + c of float32, rounded once as in PyTorch's kernels; Numba rounds twice
_fused: Any = intrinsic(_multiply_add)


def normalize(values: Tensor) -> Tensor:
    """Pixel values 0 to 255, normalised to about -1 to 1 for MTCNN's networks."""
    return (values - float(MIDDLE)) / float(SPREAD)


def crop(images: np.ndarray, owner: np.ndarray, boxes: np.ndarray, size: int) -> Tensor:
    """Crops of boxes, resized bilinearly and normalized; zero outside the image.

    Equals ``tf.image.crop_and_resize`` on normalized images, with boxes relative to the image's
    sides.

    Args:
        images: (N, H, W, 3) uint8, RGB.
        owner: (n,) int64, index of the image of each box.
        boxes: (n, 4) float64, x1, y1, x2, y2, px.
        size: side of the crops, px.

    Returns:
        (n, 3, size, size) float32, channels last in memory.
    """
    crops = np.empty((len(boxes), size, size, 3), np.float32)
    _fill_crops(images, owner, boxes, crops)
    return torch.from_numpy(crops).permute(0, 3, 1, 2)


@compiled
def _fill_crops(
    images: np.ndarray, owner: np.ndarray, boxes: np.ndarray, crops: np.ndarray
) -> None:
    """``crop``, with the roundings of ``crop_by_tensors``.

    Args:
        images: (N, H, W, 3) uint8.
        owner: (n,) int64.
        boxes: (n, 4) float64.
        crops: (n, size, size, 3) float32, output.
    """
    height, width = images.shape[1:3]
    size = crops.shape[1]
    for k in range(len(owner)):
        image = images[owner[k]]
        left, right, across, in_x = _samples(boxes[k, 0], boxes[k, 2], width, size)
        top, bottom, down, in_y = _samples(boxes[k, 1], boxes[k, 3], height, size)
        for y in range(size):
            upper, lower, weight = image[top[y]], image[bottom[y]], down[y]
            for x in range(size):
                if not (in_y[y] and in_x[x]):
                    crops[k, y, x] = 0
                    continue
                for c in range(3):
                    first = _between(upper[left[x], c], upper[right[x], c], across[x])
                    second = _between(lower[left[x], c], lower[right[x], c], across[x])
                    crops[k, y, x, c] = (_between(first, second, weight) - MIDDLE) / SPREAD


@compiled
def _samples(
    start: float, stop: float, side: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """``_axis`` of one box."""
    low, high = np.float32(start / side), np.float32(stop / side)
    last = np.float32(side - 1)
    step = (high - low) * last / np.float32(size - 1)
    near, far = np.empty(size, np.int64), np.empty(size, np.int64)
    weight, inside = np.empty(size, np.float32), np.empty(size, np.bool_)
    for i in range(size):
        position = low * last + np.float32(i) * step
        floor = np.float32(math.floor(position))
        near[i] = min(max(int(floor), 0), side - 1)
        far[i] = min(max(math.ceil(position), 0), side - 1)
        weight[i] = position - floor
        inside[i] = (position >= 0) & (position <= last)
    return near, far, weight, inside


@compiled
def _between(first: float, second: float, weight: float) -> float:
    """``torch.lerp``."""
    a, b = np.float32(first), np.float32(second)
    if weight < _HALF:
        return _fused(weight, b - a, a)
    return _fused(weight - _ONE, b - a, b)


def crop_by_tensors(images: Tensor, owner: Tensor, boxes: Tensor, size: int) -> Tensor:
    """``crop`` of tensors, on any device."""
    _, height, width, _ = images.shape
    left, right, across, in_x = _axis(boxes[:, 0], boxes[:, 2], width, size)
    top, bottom, down, in_y = _axis(boxes[:, 1], boxes[:, 3], height, size)
    # one integer per pixel, so that whole pixels are gathered instead of single channels
    flat = F.pad(images, (0, 1)).view(torch.int32).flatten()
    upper = (owner[:, None] * height + top)[:, :, None] * width
    lower = (owner[:, None] * height + bottom)[:, :, None] * width
    across, down = across[:, None, :, None], down[:, :, None, None]
    first = torch.lerp(_pixels(flat, upper, left), _pixels(flat, upper, right), across)
    second = torch.lerp(_pixels(flat, lower, left), _pixels(flat, lower, right), across)
    crops = normalize(torch.lerp(first, second, down)[..., :3])
    inside = (in_y[:, :, None] & in_x[:, None, :])[..., None]
    return (crops * inside).permute(0, 3, 1, 2)


def _axis(
    start: Tensor, stop: Tensor, side: int, size: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Along one axis: the two pixels (n, size) around each sample, its weight, and if it is inside.

    Computed in float32 and in TensorFlow's order, so that samples on the border are classified
    alike.
    """
    low, high = (start / side).float(), (stop / side).float()
    step = (high - low) * (side - 1) / (size - 1)
    position = low[:, None] * (side - 1) + torch.arange(size, device=start.device) * step[:, None]
    inside = (position >= 0) & (position <= side - 1)
    floor = position.floor()
    near = floor.long().clamp(0, side - 1)
    far = position.ceil().long().clamp(0, side - 1)
    return near, far, position - floor, inside


def _pixels(flat: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Pixels (n, size, size, 4) at the row offsets (n, size, 1) and columns (n, size)."""
    return torch.take(flat, rows + columns[:, None, :])[..., None].view(torch.uint8).float()
