"""Pieces that the branches share."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

EMBEDDING = 128  # width of each branch's output (paper A, sections 4.1 to 4.3)

# Pixels in [0, 1] are centred and scaled by fixed numbers, so that an input has about unit variance
# and a pixel's value does not depend on the data set. 0.25 is the standard deviation of a photo.
PIXEL_MEAN = 0.5
PIXEL_STD = 0.25


def standardize_pixels(image: Tensor) -> Tensor:
    """Pixels in [0, 1] to about zero mean and unit variance; any shape."""
    return (image - PIXEL_MEAN) / PIXEL_STD


def convolution(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, *, padding: int = 0
) -> list[nn.Module]:
    """Convolution without bias and the batch normalization that stands in for it."""
    return [
        nn.Conv2d(channels_in, channels_out, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(channels_out),
    ]


def shortcut(channels: int, filters: int, stride: int) -> nn.Module:
    """The other way around a residual block: nothing where the shape stays, else a 1 x 1 step."""
    if stride == 1 and channels == filters:
        return nn.Identity()
    return nn.Sequential(*convolution(channels, filters, 1, stride))


def fully_connected(widths: Sequence[int], dropout: float) -> nn.Sequential:
    """Fully connected layers, each followed by batch normalization and ReLU.

    Dropout follows every layer but the last, whose output is what the caller wants to keep whole.

    Args:
        widths: of the input, then of each layer.
    """
    layers: list[nn.Module] = []
    for number, (width_in, width_out) in enumerate(pairwise(widths)):
        if number and dropout:
            layers.append(nn.Dropout(dropout))
        layers += [nn.Linear(width_in, width_out, bias=False), nn.BatchNorm1d(width_out), nn.ReLU()]
    return nn.Sequential(*layers)


def max_pool(maps: Tensor, size: int) -> Tensor:
    """Maximum over squares of ``size`` that do not overlap; an incomplete border is left out.

    PyTorch's own pooling has no deterministic gradient on a GPU; a maximum over axes has.

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
