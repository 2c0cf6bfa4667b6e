"""Operations with deterministic gradients equal PyTorch's own."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from fer3d.networks.compared.operations import (
    TOP_STD,
    LocalResponseNorm,
    he_initialise,
    layers_of,
    overlapping_max_pool,
)


@pytest.mark.parametrize("side", [3, 6, 12, 13, 24, 62])
@pytest.mark.parametrize(("size", "stride", "padding"), [(3, 2, 0), (3, 1, 1)])
def test_pooling_is_that_of_pytorch(side: int, size: int, stride: int, padding: int) -> None:
    maps = torch.randn(2, 3, side, side + 1, requires_grad=True)
    ours = overlapping_max_pool(maps, size, stride, padding)
    theirs = F.max_pool2d(maps, size, stride, padding, ceil_mode=True)
    assert torch.equal(ours, theirs)
    weights = torch.randn_like(ours)
    gradients = [torch.autograd.grad((pooled * weights).sum(), maps) for pooled in (ours, theirs)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_response_normalization_is_that_of_pytorch(size: int) -> None:
    maps = torch.randn(2, 7, 4, 4)
    ours = LocalResponseNorm(size, alpha=0.1, beta=0.6, k=2.0)(maps)
    torch.testing.assert_close(ours, F.local_response_norm(maps, size, 0.1, 0.6, 2.0))
    defaults = LocalResponseNorm(size)(maps), nn.LocalResponseNorm(size)(maps)
    torch.testing.assert_close(*defaults)


def test_response_normalization_by_hand() -> None:
    maps = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    values = LocalResponseNorm(3, alpha=3.0, beta=1.0)(maps).flatten()
    torch.testing.assert_close(values, torch.tensor([1 / 6, 2 / 15, 3 / 14]))


def test_signals_keep_their_size_and_classes_start_alike() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        *[layer for _ in range(5) for layer in (nn.Linear(400, 400), nn.ReLU())]
    )
    top = nn.Linear(400, 7)
    he_initialise(nn.Sequential(network, top), top)
    hidden = network(torch.randn(200, 400))
    assert hidden.square().mean().item() == pytest.approx(1.0, rel=0.3)
    assert top.weight.std().item() == pytest.approx(TOP_STD, rel=0.1)
    assert top(hidden).softmax(dim=1).std().item() < 0.1


def test_each_layer_has_relu_and_dropout() -> None:
    kinds = [type(layer) for layer in layers_of((4, 3, 2), 0.5)]
    assert kinds == [nn.Linear, nn.ReLU, nn.Dropout] * 2
