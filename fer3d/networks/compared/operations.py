"""Operations of several compared models, with deterministic gradients on a GPU."""

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TOP_STD = 0.01  # of the last layer's weights at the start, as in Krizhevsky et al. 2012, section 5


def overlapping_max_pool(maps: Tensor, size: int = 3, stride: int = 2, padding: int = 0) -> Tensor:
    """Max pooling over overlapping squares, which may exceed the border (ceil mode).

    Equals ``torch.nn.MaxPool2d(size, stride, padding, ceil_mode=True)``, whose gradient on a GPU
    depends on the order of additions. Here, equal maxima share the gradient.

    Args:
        maps: (B, C, H, W).

    Returns:
        (B, C, H', W') with H' = ceil((H + 2 padding - size) / stride) + 1.
    """
    for dim in (-1, -2):
        maps = _running_max(maps.transpose(-1, dim), size, stride, padding).transpose(-1, dim)
    return maps


def _running_max(maps: Tensor, size: int, stride: int, padding: int) -> Tensor:
    """Along the last axis."""
    length = maps.shape[-1]
    count = -((length + 2 * padding - size) // -stride) + 1
    reach = stride * (count - 1)
    after = max(reach + size - padding - length, 0)
    if padding or after:
        maps = F.pad(maps, (padding, after), value=float("-inf"))
    parts = [maps[..., start : start + reach + 1 : stride] for start in range(size)]
    return reduce(torch.maximum, parts)


class LocalResponseNorm(nn.Module):
    """x / (k + alpha x the mean of x^2 over neighbouring channels)^beta.

    As ``torch.nn.LocalResponseNorm``, which has no deterministic gradient on a GPU.

    Source: Krizhevsky et al. 2012, section 3.3; the sum there is a mean here, as in PyTorch.
    """

    def __init__(self, size: int, *, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0):
        """
        Args:
            size: channels in a neighbourhood; those before the first and after the last are zero.
        """
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        channels, before = maps.shape[1], self.size // 2
        squares = F.pad(maps.square(), (0, 0, 0, 0, before, self.size - 1 - before))
        total = sum(squares[:, start : start + channels] for start in range(self.size))
        return maps / (self.k + self.alpha / self.size * total) ** self.beta


def he_initialise(network: nn.Module, top: nn.Linear) -> None:
    """Weights of convolutions and layers with variance 2 / fan-in, biases zero.

    For networks with ReLU and without batch normalization. PyTorch's default has a sixth of this
    variance, so that signals vanish in deep networks.

    Args:
        network: the whole network.
        top: its last layer, with initial weights near zero, so that all classes are equally likely.

    Source: He et al. 2015 ("Delving deep into rectifiers"), equation 10.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    nn.init.normal_(top.weight, std=TOP_STD)


def layers_of(widths: Sequence[int], dropout: float) -> nn.Sequential:
    """Fully connected layers, each followed by ReLU and dropout.

    Args:
        widths: of the input, then of each layer.
        dropout: probability.
    """
    layers: list[nn.Module] = []
    for width_in, width_out in pairwise(widths):
        layers += [nn.Linear(width_in, width_out), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers)
