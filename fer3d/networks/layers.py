"""Layers shared by the branches."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

EMBEDDING = 128  # width of each branch's output (paper A, sections 4.1 to 4.3)

# Pixels in [0, 1] are standardized with constants, so that inputs have about unit variance and do
# not depend on the data set. 0.25 is a typical standard deviation of photos.
PIXEL_MEAN = 0.5
PIXEL_STD = 0.25


def standardize_pixels(image: Tensor) -> Tensor:
    """Scale pixels in [0, 1] to about zero mean and unit variance; any shape."""
    return (image - PIXEL_MEAN) / PIXEL_STD


def convolution(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, *, padding: int = 0
) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """Convolution without bias, followed by batch normalization."""
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride, padding, bias=False)
    return layer, nn.BatchNorm2d(channels_out)


def shortcut(channels: int, filters: int, stride: int) -> nn.Module:
    """Shortcut of a residual block: identity if the shape is the same, else a 1 x 1 convolution."""
    if stride == 1 and channels == filters:
        return nn.Identity()
    return nn.Sequential(*convolution(channels, filters, 1, stride))


def fully_connected(widths: Sequence[int], dropout: float) -> nn.Sequential:
    """Fully connected layers, each followed by batch normalization and ReLU.

    Dropout follows every layer except the last.

    Args:
        widths: width of the input, then of each layer.
        dropout: probability that a unit is dropped.
    """
    layers: list[nn.Module] = []
    for number, (width_in, width_out) in enumerate(pairwise(widths)):
        if number and dropout:
            layers.append(nn.Dropout(dropout))
        layers += [nn.Linear(width_in, width_out, bias=False), nn.BatchNorm1d(width_out), nn.ReLU()]
    return nn.Sequential(*layers)


def max_pool(maps: Tensor, size: int) -> Tensor:
    """Max pooling over non-overlapping squares of side ``size``; an incomplete border is dropped.

    Unlike PyTorch's pooling, the maximum over axes has a deterministic gradient on a GPU.

    Args:
        maps: (B, C, H, W).

    Returns:
        (B, C, H // size, W // size).
    """
    rows, columns = maps.shape[-2] // size, maps.shape[-1] // size
    whole = maps[..., : rows * size, : columns * size]
    squares = whole.unflatten(-1, (columns, size)).unflatten(-3, (rows, size))
    return torch.amax(squares, dim=(-3, -1))


def convolved_side(side: int, kernel: int, stride: int, padding: int) -> int:
    """Side of a convolution's output, px."""
    return (side + 2 * padding - kernel) // stride + 1
