"""The whole network of the paper, layer by layer, against its text; numbers worked out by hand."""

import pytest
import torch
from torch import Tensor, nn

from fer3d.networks.fusion import FusionNetwork
from fer3d.presets.configs import PAPER_NETWORK

# (inputs, filters, kernel, stride, side of the output, weights) of each convolution.
# "3 convolution layers of the filter numbers as 256, 128 and 64. The kernel size of each
# convolution layer is 3, and the stride is 2." (section 4.1); 100 -> 49 -> 24 -> 11 px.
SHADING = [
    (1, 256, 3, 2, 49, 1 * 256 * 9),
    (256, 128, 3, 2, 24, 294_912),
    (128, 64, 3, 2, 11, 73_728),
]
# "A separate convolution layer followed by one identity block and one convolution block [...]
# 7 convolution layers in total, and the number of filters for each layer are 128, 64, 64, 128, 64,
# 64, and 256" (section 4.3); kernels and strides are ResNet's: 100 -> 25 -> 13 px.
BASE = [
    (3, 128, 7, 4, 25, 18_816),
    (128, 64, 1, 1, 25, 8_192),
    (64, 64, 3, 1, 25, 36_864),
    (64, 128, 1, 1, 25, 8_192),
    (128, 64, 1, 2, 13, 8_192),
    (64, 64, 3, 1, 13, 36_864),
    (64, 256, 1, 1, 13, 16_384),
]
SHORTCUT = (128, 256, 1, 2, 13, 32_768)  # of the convolution block, not counted among the seven

# Widths of the fully connected layers.
BASE_LAYERS = [(2_304, 1024), (1024, 1024), (1024, 128)]  # 256 x 3 x 3 after the pooling of 4
SHADING_LAYERS = [(7_744, 128), (128, 128)]  # 64 x 11 x 11; "two fully-connected layers"
LANDMARK_LAYERS = [(2_278, 1024), (1024, 512), (512, 256), (256, 128)]
FUSION_LAYERS = [(384, 512), (512, 128), (128, 7)]

PARAMETERS = {  # weights, and two numbers a channel of batch normalization or one of a bias
    "base": 3_711_616,
    "shading": 1_379_712,
    "landmark": 3_024_640,
    "fusion": 263_424,
    "classifier": 903,
}


@pytest.fixture(scope="module")
def network() -> FusionNetwork:
    return FusionNetwork(PAPER_NETWORK, 7).eval()


@pytest.fixture(scope="module")
def sides(network: FusionNetwork) -> dict[nn.Module, int]:
    """The side of each convolution's output, px."""
    found: dict[nn.Module, int] = {}

    def note(layer: nn.Module, _: tuple, output: Tensor) -> None:
        found[layer] = output.shape[-1]

    handles = [
        layer.register_forward_hook(note)
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    network(torch.rand(1, 3, 100, 100), torch.rand(1, 1, 100, 100), torch.rand(1, 68, 2))
    for handle in handles:
        handle.remove()
    return found


def _convolutions(part: nn.Module, sides: dict[nn.Module, int]) -> list[tuple[int, ...]]:
    layers = [layer for layer in part.modules() if isinstance(layer, nn.Conv2d)]
    assert all(layer.kernel_size[0] == layer.kernel_size[1] for layer in layers)
    return [
        (
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size[0],
            layer.stride[0],
            sides[layer],
            layer.weight.numel(),
        )
        for layer in layers
    ]


def _widths(*parts: nn.Module) -> list[tuple[int, int]]:
    layers = [layer for part in parts for layer in part.modules() if isinstance(layer, nn.Linear)]
    return [(layer.in_features, layer.out_features) for layer in layers]


def test_shading_branch(network: FusionNetwork, sides: dict[nn.Module, int]) -> None:
    branch = network.branches["shading"]
    assert _convolutions(branch, sides) == SHADING
    assert _widths(branch) == SHADING_LAYERS


def test_base_branch(network: FusionNetwork, sides: dict[nn.Module, int]) -> None:
    branch = network.branches["base"]
    parts = (branch.stem, branch.identity_block.residual, branch.convolution_block.residual)
    found = [layer for part in parts for layer in _convolutions(part, sides)]
    assert found == BASE
    assert _convolutions(branch.identity_block.shortcut, sides) == []
    assert _convolutions(branch.convolution_block.shortcut, sides) == [SHORTCUT]
    assert _widths(branch) == BASE_LAYERS


def test_landmark_branch(network: FusionNetwork) -> None:
    assert _widths(network.branches["landmark"]) == LANDMARK_LAYERS


def test_fusion(network: FusionNetwork) -> None:
    assert _widths(network.fusion, network.classifier) == FUSION_LAYERS


def test_dropout_is_the_papers_wherever_there_is_one(network: FusionNetwork) -> None:
    rates = [layer.p for layer in network.modules() if isinstance(layer, nn.Dropout)]
    assert set(rates) == {0.4}
    assert len(rates) == 2 + 1 + 3 + 1 + 1  # base, shading, landmark, fusion, classifier


def test_every_branch_gives_128_and_the_three_384(network: FusionNetwork) -> None:
    image, shading, points = (
        torch.rand(2, 3, 100, 100),
        torch.rand(2, 1, 100, 100),
        100 * (torch.rand(2, 68, 2)),
    )
    assert network.branches["base"](image).shape == (2, 128)
    assert network.branches["shading"](shading).shape == (2, 128)
    assert network.branches["landmark"](points).shape == (2, 128)
    assert network.embed(image, shading, points).shape == (2, 384)


def test_parameters(network: FusionNetwork) -> None:
    parts = {**network.branches, "fusion": network.fusion, "classifier": network.classifier}
    counted = {
        name: sum(values.numel() for values in part.parameters()) for name, part in parts.items()
    }
    assert counted == PARAMETERS
    assert sum(counted.values()) == 8_380_295
