"""The Inception network, layer by layer."""

import torch
from torch import nn

from fer3d.networks.compared.inc2016 import Inc2016, Inception


def test_parameters() -> None:
    assert sum(values.numel() for values in Inc2016(7).parameters()) == 7_346_343


def test_a_module_puts_four_ways_side_by_side() -> None:
    module = Inception(480, (192, 96, 208, 16, 48, 64))
    maps = torch.randn(2, 480, 3, 3)
    assert module(maps).shape == (2, 192 + 208 + 48 + 64, 3, 3)
    torch.testing.assert_close(module(maps)[:, :192], module.single(maps).relu())
    pooled = module.pooled(nn.functional.max_pool2d(maps, 3, 1, 1)).relu()
    torch.testing.assert_close(module(maps)[:, -64:], pooled)


def test_sides_of_the_maps() -> None:
    network = Inc2016(7)
    shapes: list[tuple[int, ...]] = []
    layers = (network.first, network.second, network.three_a, network.three_b, network.four_a)
    for layer in layers:
        layer.register_forward_hook(lambda _l, _i, maps: shapes.append(tuple(maps.shape[1:])))
    assert network.maps(torch.rand(1, 3, 100, 100)).shape == (1, 512, 1, 1)
    assert shapes == [(64, 24, 24), (192, 12, 12), (256, 6, 6), (480, 6, 6), (512, 3, 3)]


def test_widths() -> None:
    network = Inc2016(7)
    layers = [layer for layer in network.encoder if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [
        (512, 4096),
        (4096, 1024),
    ]
    assert not any(isinstance(layer, nn.Dropout) for layer in network.modules())
