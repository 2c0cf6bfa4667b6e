"""A network for answers: faster, and the result of a face does not depend on the others.

The order of summation in PyTorch's kernels depends on the number of rows. Here a convolution always
gets one row, a fully connected layer ``ROWS``, padded with zeros. All rows pass a layer before the
next one, so that its weights stay in the processor's cache.
"""

from copy import deepcopy
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from fer3d.machine.packed import PackedConvolution

ROWS = 4
"""Rows per call of a fully connected layer: most of its time it reads weights, once per call."""

Network = TypeVar("Network", bound=nn.Module)


def with_independent_rows(network: Network) -> Network:
    """A copy of a network that treats each row of a batch by itself, without gradients.

    Batch normalization is folded into the layer before it (equal up to rounding errors), and the
    weights of convolutions are stored in the layout of the processor's kernels.

    Args:
        network: in evaluation mode. Batch normalizations follow their layers in an
            ``nn.Sequential``.
    """
    copied = deepcopy(network).requires_grad_(False)
    for parent in list(copied.modules()):
        if isinstance(parent, nn.Sequential):
            _fold(parent)
    for parent in list(copied.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Conv2d):
                setattr(parent, name, RowConvolution(child))
            elif isinstance(child, nn.Linear):
                setattr(parent, name, RowsLinear(child))
    return copied


def _fold(layers: nn.Sequential) -> None:
    """Fold each batch normalization into the layer before it; an identity takes its place."""
    for number in range(1, len(layers)):
        before, layer = layers[number - 1], layers[number]
        if isinstance(before, nn.Conv2d) and isinstance(layer, nn.BatchNorm2d):
            layers[number - 1] = fuse_conv_bn_eval(before, layer)
        elif isinstance(before, nn.Linear) and isinstance(layer, nn.BatchNorm1d):
            layers[number - 1] = fuse_linear_bn_eval(before, layer)
        else:
            continue
        layers[number] = nn.Identity()


class RowConvolution(PackedConvolution):
    """A convolution that is applied to one row at a time."""

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) to (B, filters, ...), as the layer does."""
        return _joined([super(RowConvolution, self).forward(row) for row in maps.split(1)])


class RowsLinear(nn.Module):
    """A fully connected layer that is applied to ``ROWS`` rows at a time."""

    def __init__(self, layer: nn.Linear):
        super().__init__()
        self.layer = layer

    def forward(self, rows: Tensor) -> Tensor:
        """(B, N) to (B, M), as the layer does."""
        padded = F.pad(rows, (0, 0, 0, -len(rows) % ROWS))
        return _joined([self.layer(part) for part in padded.split(ROWS)])[: len(rows)]


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)
