"""Operations of several compared models, with deterministic gradients on a GPU."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from fer3d.networks.layers import max_pool

TOP_STD = 0.01  # of the last layer's weights at the start, as in Krizhevsky et al. 2012, section 5


def overlapping_max_pool(maps: Tensor, size: int = 3, stride: int = 2, padding: int = 0) -> Tensor:
    """Max pooling over overlapping squares, which may exceed the border (ceil mode).

    Args:
        maps: (B, C, H, W).

    Returns:
        (B, C, H', W') with H' = ceil((H + 2 padding - size) / stride) + 1.
    """
    return max_pool(maps, size, stride, padding=padding, ceil=True)


class LocalResponseNorm(nn.Module):
    """x / d^beta, d = k + alpha x the mean of x^2 over neighbouring channels.

    As ``torch.nn.LocalResponseNorm``, which has no deterministic gradient on a GPU, and takes six
    times as long to train on a CPU. Computed in float32, also from bfloat16.

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
        constants = self.size, self.alpha, self.beta, self.k
        # PyTorch does not annotate ``apply``
        return _ResponseNorm.apply(maps, *constants)  # type: ignore[no-untyped-call]


class _ResponseNorm(torch.autograd.Function):
    """``LocalResponseNorm``, image by image on a CPU: what is computed then stays in its caches."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
        ctx.save_for_backward(maps)
        ctx.constants = size, alpha, beta, k
        normalized = torch.empty_like(maps)
        for x, out in zip(_parts(maps), _parts(normalized), strict=True):
            d = _denominators(x, size, alpha, k)
            torch.mul(x, _inverse_power(d, beta), out=out)
        return normalized

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """g d^-beta - 2 alpha beta / size x x the sum over neighbours of g x d^(-beta - 1)."""
        (maps,) = ctx.saved_tensors
        size, alpha, beta, k = ctx.constants
        result = torch.empty_like(maps)
        for x, g, out in zip(_parts(maps), _parts(gradient), _parts(result), strict=True):
            d = _denominators(x, size, alpha, k)
            direct = _inverse_power(d, beta).mul_(g)
            shares = _windows((direct * x).div_(d), size, before=size - 1 - size // 2)
            torch.addcmul(direct, shares, x, value=-2 * alpha * beta / size, out=out)
        return result, None, None, None, None


def _parts(maps: Tensor) -> tuple[Tensor, ...]:
    return maps.split(1 if maps.device.type == "cpu" else len(maps))


def _denominators(x: Tensor, size: int, alpha: float, k: float) -> Tensor:
    squares = x.to(torch.promote_types(x.dtype, torch.float32)).square()
    return _windows(squares, size, before=size // 2).mul_(alpha / size).add_(k)


def _inverse_power(d: Tensor, beta: float) -> Tensor:
    """d^-beta; two roots take a third of the time of a power."""
    if beta != 0.75:
        return d**-beta
    root = d.rsqrt()
    return root.mul_(root.sqrt())


def _windows(values: Tensor, size: int, *, before: int) -> Tensor:
    """Sums over windows of channels that begin ``before`` channels earlier, (B, C, H, W)."""
    total = values.clone()
    for shift in range(1, before + 1):
        total[:, shift:] += values[:, :-shift]
    for shift in range(1, size - before):
        total[:, :-shift] += values[:, shift:]
    return total


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
