"""The three branches against the numbers in the paper's text (paper A, sections 4.1 to 4.3)."""

import pytest
import torch
from torch import nn

from fer3d.networks.branches.base import BaseNetwork, ResidualBlock
from fer3d.networks.branches.landmark import LandmarkNetwork
from fer3d.networks.branches.shading import ShadingNetwork


def _of(network: nn.Module, kind: type[nn.Module]) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, kind)]


def _widths(network: nn.Module) -> list[tuple[int, int]]:
    return [(layer.in_features, layer.out_features) for layer in _of(network, nn.Linear)]


def test_base_has_the_seven_convolutions_of_the_paper() -> None:
    network = BaseNetwork()
    main = [network.stem, network.identity_block.residual, network.convolution_block.residual]
    filters = [layer.out_channels for part in main for layer in _of(part, nn.Conv2d)]
    assert filters == [128, 64, 64, 128, 64, 64, 256]
    assert isinstance(network.identity_block.shortcut, nn.Identity)
    assert len(_of(network.convolution_block.shortcut, nn.Conv2d)) == 1


@pytest.mark.parametrize(("stride", "flat"), [(4, 256 * 3 * 3), (2, 256 * 6 * 6)])
def test_base_encodes_to_1024_1024_128(stride: int, flat: int) -> None:
    network = BaseNetwork(stem_stride=stride)
    assert _widths(network) == [(flat, 1024), (1024, 1024), (1024, 128)]
    assert network.eval()(torch.rand(2, 3, 100, 100)).shape == (2, 128)


def test_base_parameters_layer_by_layer() -> None:
    stem = 3 * 128 * 7**2
    identity_block = 128 * 64 + 64 * 64 * 3**2 + 64 * 128
    convolution_block = 128 * 64 + 64 * 64 * 3**2 + 64 * 256 + 128 * 256
    encoder = 2304 * 1024 + 1024 * 1024 + 1024 * 128
    normalization = 2 * (128 + 64 + 64 + 128 + 64 + 64 + 256 + 256 + 1024 + 1024 + 128)
    expected = stem + identity_block + convolution_block + encoder + normalization
    assert sum(p.numel() for p in BaseNetwork().parameters()) == expected


def test_grey_base_sees_the_mean_of_the_colours() -> None:
    network = BaseNetwork(channels=1).eval()
    image = torch.rand(2, 3, 100, 100)
    assert torch.equal(network(image), network(image.mean(dim=1, keepdim=True)))


def test_an_identity_block_keeps_the_shape_and_a_convolution_block_halves_it() -> None:
    maps = torch.rand(2, 128, 25, 25)
    assert ResidualBlock(128, (64, 64, 128))(maps).shape == (2, 128, 25, 25)
    assert ResidualBlock(128, (64, 64, 256), stride=2)(maps).shape == (2, 256, 13, 13)


def test_an_identity_block_without_weights_is_the_identity() -> None:
    block = ResidualBlock(8, (4, 4, 8)).eval()
    nn.init.zeros_(block.residual[-2].weight)
    maps = torch.rand(1, 8, 5, 5)
    assert torch.equal(block(maps), maps)


def test_shading_has_the_three_convolutions_of_the_paper() -> None:
    network = ShadingNetwork()
    layers = _of(network, nn.Conv2d)
    assert [layer.out_channels for layer in layers] == [256, 128, 64]
    assert {layer.kernel_size for layer in layers} == {(3, 3)}
    assert {layer.stride for layer in layers} == {(2, 2)}
    assert _widths(network) == [(64 * 11 * 11, 128), (128, 128)]
    assert network.eval()(torch.rand(2, 1, 100, 100)).shape == (2, 128)


def test_landmark_has_the_four_layers_of_the_paper() -> None:
    network = LandmarkNetwork()
    assert _widths(network) == [(2278, 1024), (1024, 512), (512, 256), (256, 128)]
    assert network.eval()(torch.rand(2, 68, 2)).shape == (2, 128)


@pytest.mark.parametrize("branch", [BaseNetwork, ShadingNetwork])
def test_images_too_small_are_refused(branch: type[nn.Module]) -> None:
    with pytest.raises(ValueError, match="6 px are too small"):
        branch(size=6)
