"""Common layers of the branches."""

import torch
import torch.nn.functional as F
from torch import nn

from fer3d.networks.layers import fully_connected, max_pool, standardize_pixels


def test_max_pool_is_pytorchs() -> None:
    maps = torch.randn(2, 3, 13, 10, generator=torch.Generator().manual_seed(0))
    assert torch.equal(max_pool(maps, 4), F.max_pool2d(maps, 4))


def test_max_pool_passes_the_gradient_to_the_maximum_alone() -> None:
    maps = torch.arange(16.0).reshape(1, 1, 4, 4).requires_grad_()
    max_pool(maps, 4).sum().backward()
    assert maps.grad is not None
    assert maps.grad.flatten().tolist() == [0.0] * 15 + [1.0]


def test_grey_is_zero_after_standardization() -> None:
    assert standardize_pixels(torch.full((2, 2), 0.5)).abs().max() == 0


def test_dropout_stands_between_layers_and_not_after_the_last() -> None:
    kinds = [type(layer) for layer in fully_connected((8, 4, 2), dropout=0.4)]
    assert kinds.count(nn.Dropout) == 1
    assert kinds[-1] is nn.ReLU
