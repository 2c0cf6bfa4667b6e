"""Layers shared by the branches."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

EMBEDDING = 128  # width of each branch's output (paper A, sections 4.1 to 4.3)

# Pixels in [0, 1] are standardized with constants, so that inputs have about unit variance and do
# not depend on the data set. 0.25 is a typical standard deviation of photos.
PIXEL_MEAN = 0.5
PIXEL_STD = 0.25


def lay_out(network: nn.Module, layout: torch.memory_format = torch.channels_last) -> None:
    """Store the weights of a network's convolutions in a memory format; maps will follow them."""
    network.to(memory_format=layout)  # type: ignore[call-overload]  # PyTorch's stubs lack this form


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


def max_pool(
    maps: Tensor, size: int, stride: int | None = None, *, padding: int = 0, ceil: bool = False
) -> Tensor:
    """Max pooling with a deterministic gradient, which goes to one maximum of each square.

    As ``torch.nn.functional.max_pool2d``, whose gradient on a GPU depends on the order of
    additions.

    Args:
        maps: (B, C, H, W).
        size: side of the squares.
        stride: between squares; by default ``size``.
        padding: on each side, with minus infinity.
        ceil: whether a square at the end may exceed the border; an incomplete one is dropped if
            not.

    Returns:
        (B, C, H', W') with H' = (H + 2 padding - size) / stride + 1, rounded down, or up for
        ``ceil``.
    """
    stride = stride or size
    if maps.device.type == "cpu" or not (torch.is_grad_enabled() and maps.requires_grad):
        return F.max_pool2d(maps, size, stride, padding, ceil_mode=ceil)
    # PyTorch does not annotate ``apply``
    return DeterministicMaxPool.apply(maps, size, stride, padding, ceil)  # type: ignore[no-untyped-call]


class DeterministicMaxPool(torch.autograd.Function):
    """The arguments of ``max_pool`` in order; on any device.

    The gradient is added for one position of the squares at a time: squares do not overlap there.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, size: int, stride: int, padding: int, ceil: bool) -> Tensor:
        """See ``max_pool``."""
        pooled, places = F.max_pool2d(
            maps, size, stride, padding, ceil_mode=ceil, return_indices=True
        )
        ctx.save_for_backward(places)
        ctx.sides, ctx.squares = maps.shape[-2:], (size, stride, padding)
        return pooled

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradient of the maps."""
        (places,) = ctx.saved_tensors
        (height, width), (size, stride, padding) = ctx.sides, ctx.squares
        reach = [stride * (count - 1) for count in gradient.shape[-2:]]
        top, left = (
            torch.arange(-padding, last + 1 - padding, stride, device=gradient.device)
            for last in reach
        )
        # place of the maximum in its square
        inside = (places // width - top[:, None]) * size + places % width - left
        sides = [
            max(last + size, side + padding) for last, side in zip(reach, ctx.sides, strict=True)
        ]
        total = gradient.new_zeros((*gradient.shape[:2], *sides))
        for number in range(size * size):
            y, x = divmod(number, size)
            part = total[..., y : y + reach[0] + 1 : stride, x : x + reach[1] + 1 : stride]
            part += torch.where(inside == number, gradient, 0)
        whole = total[..., padding : padding + height, padding : padding + width]
        return whole, None, None, None, None


def convolved_side(side: int, kernel: int, stride: int, padding: int) -> int:
    """Side of a convolution's output, px."""
    return (side + 2 * padding - kernel) // stride + 1
