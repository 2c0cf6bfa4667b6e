"""Common layers of the branches."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer3d.networks.layers import (
    DeterministicMaxPool,
    fully_connected,
    max_pool,
    standardize_pixels,
)

POOLINGS = {  # size, stride, padding, ceil
    "quarters": (2, 2, 0, False),
    "large": (4, 4, 0, False),
    "overlapping": (3, 2, 0, True),
    "same": (3, 1, 1, True),
    "padded": (3, 2, 1, False),
}
poolings = pytest.mark.parametrize("pooling", POOLINGS.values(), ids=POOLINGS)


def plain_max_pool(maps: Tensor, size: int, stride: int, padding: int, ceil: bool) -> Tensor:
    """The maximum of every square."""
    counts, after = [], []
    for side in maps.shape[-2:]:
        space = side + 2 * padding - size
        counts.append((-(space // -stride) if ceil else space // stride) + 1)
        after.append(max(stride * (counts[-1] - 1) + size - padding - side, 0))
    maps = F.pad(maps, (padding, after[1], padding, after[0]), value=float("-inf"))
    squares = maps.unfold(2, size, stride).unfold(3, size, stride)
    return squares[:, :, : counts[0], : counts[1]].amax(dim=(-2, -1))


def of_a_cpu(maps: Tensor, size: int, stride: int, padding: int, ceil: bool) -> Tensor:
    return max_pool(maps, size, stride, padding=padding, ceil=ceil)


def of_a_gpu(maps: Tensor, *pooling: int) -> Tensor:
    pooled: Tensor = DeterministicMaxPool.apply(maps, *pooling)
    return pooled


ways = pytest.mark.parametrize("way", [of_a_cpu, of_a_gpu])


def pool(way: Callable[..., Tensor], maps: Tensor, *pooling: int) -> tuple[Tensor, Tensor]:
    """Values, and the gradient of a weighted sum of them."""
    maps = maps.clone().requires_grad_()
    values = way(maps, *pooling)
    weights = torch.randn(values.shape, generator=torch.Generator().manual_seed(1))
    (values * weights).sum().backward()
    assert maps.grad is not None
    return values.detach(), maps.grad


@ways
@poolings
@pytest.mark.parametrize("sides", [(12, 12), (13, 10), (25, 6), (5, 4)])
def test_max_pool_and_its_gradient_are_those_of_the_maximum(way, pooling, sides) -> None:
    maps = torch.randn(2, 3, *sides, generator=torch.Generator().manual_seed(0))
    values, gradient = pool(way, maps, *pooling)
    expected = pool(plain_max_pool, maps, *pooling)
    assert torch.equal(values, expected[0])
    torch.testing.assert_close(gradient, expected[1])


@poolings
def test_all_devices_choose_the_same_of_equal_maxima_and_of_nan(pooling) -> None:
    maps = torch.randint(0, 3, (2, 3, 13, 10), generator=torch.Generator().manual_seed(0)).float()
    maps[0, 0, 3, 4] = torch.nan
    results = [pool(way, maps, *pooling) for way in (of_a_cpu, of_a_gpu)]
    torch.testing.assert_close(*results, equal_nan=True)
    plain = plain_max_pool(maps, *pooling)
    torch.testing.assert_close(results[0][0], plain, equal_nan=True, rtol=0, atol=0)


@ways
def test_one_of_equal_maxima_has_the_whole_gradient(way) -> None:
    _, gradient = pool(way, torch.ones(1, 1, 4, 4), 4, 4, 0, False)
    assert gradient.count_nonzero() == 1


@poolings
def test_gradient_of_max_pool_by_differences(pooling) -> None:
    order = torch.randperm(2 * 2 * 7 * 6, generator=torch.Generator().manual_seed(0))
    maps = order.double().view(2, 2, 7, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda values: of_a_gpu(values, *pooling), maps)


def test_max_pool_of_maps_in_channels_last_and_of_half_precision() -> None:
    maps = torch.randn(2, 8, 9, 9, generator=torch.Generator().manual_seed(0))
    last = maps.to(memory_format=torch.channels_last)
    assert torch.equal(max_pool(last, 3, 2, ceil=True), max_pool(maps, 3, 2, ceil=True))
    half = maps.bfloat16()
    assert torch.equal(max_pool(half, 2).float(), plain_max_pool(half.float(), 2, 2, 0, False))


def test_grey_is_zero_after_standardization() -> None:
    assert standardize_pixels(torch.full((2, 2), 0.5)).abs().max() == 0


def test_dropout_stands_between_layers_and_not_after_the_last() -> None:
    kinds = [type(layer) for layer in fully_connected((8, 4, 2), dropout=0.4)]
    assert kinds.count(nn.Dropout) == 1
    assert kinds[-1] is nn.ReLU
