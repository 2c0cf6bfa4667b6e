"""Operations with deterministic gradients equal plain ones and PyTorch's own."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

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


def plain_response_norm(maps: Tensor, layer: LocalResponseNorm) -> Tensor:
    """By PyTorch's own operations, with their gradients."""
    channels, before = maps.shape[1], layer.size // 2
    squares = F.pad(maps.square(), (0, 0, 0, 0, before, layer.size - 1 - before))
    total = sum(squares[:, start : start + channels] for start in range(layer.size))
    return maps / (layer.k + layer.alpha / layer.size * total) ** layer.beta


CONSTANTS = [{"alpha": 0.1, "beta": 0.6, "k": 2.0}, {"alpha": 0.3}, {}]


@pytest.mark.parametrize("channels", [1, 2, 7])
@pytest.mark.parametrize("size", [1, 3, 4, 5])
@pytest.mark.parametrize("constants", CONSTANTS)
def test_response_normalization_and_its_gradient_are_the_plain_ones(
    size: int, channels: int, constants: dict[str, float]
) -> None:
    layer = LocalResponseNorm(size, **constants)
    maps = 3 * torch.randn(2, channels, 5, 4)
    maps.requires_grad_()
    ways = layer(maps), plain_response_norm(maps, layer)
    torch.testing.assert_close(*ways)
    torch.testing.assert_close(
        ways[0], F.local_response_norm(maps, size, layer.alpha, layer.beta, layer.k)
    )
    weights = torch.randn_like(maps)
    torch.testing.assert_close(*[torch.autograd.grad(way, maps, weights)[0] for way in ways])


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize("constants", CONSTANTS[:2])
def test_gradient_of_response_normalization_by_differences(
    size: int, constants: dict[str, float]
) -> None:
    maps = torch.randn(2, 6, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(LocalResponseNorm(size, **constants), maps)


def test_response_normalization_computes_in_float32() -> None:
    layer = LocalResponseNorm(5)
    maps = torch.randn(2, 7, 4, 4).bfloat16().requires_grad_()
    ours = layer(maps)
    assert ours.dtype == torch.bfloat16
    assert torch.equal(ours, layer(maps.float()).bfloat16())
    weights = torch.randn_like(maps)
    (gradient,) = torch.autograd.grad(ours, maps, weights)
    wide = maps.detach().float().requires_grad_()
    (expected,) = torch.autograd.grad(layer(wide), wide, weights.float())
    assert torch.equal(gradient, expected.bfloat16())


def test_response_normalization_keeps_a_value_that_is_no_number_to_its_neighbours() -> None:
    maps = torch.ones(1, 9, 2, 2)
    maps[0, 4, 0, 0] = torch.nan
    bad = LocalResponseNorm(3)(maps).isnan()
    assert bad.nonzero().tolist() == [[0, channel, 0, 0] for channel in (3, 4, 5)]


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
