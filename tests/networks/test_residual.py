"""The recommended branch."""

import pytest
import torch
import torch.nn.functional as F

from fer3d.errors import UserError
from fer3d.networks.branches.residual import BasicBlock, ResidualNetwork, halved
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.networks.inputs import raw_inputs, to_inputs
from fer3d.presets.configs import network_config


@pytest.mark.parametrize("size", [32, 48, 50, 100, 128])
def test_any_size_gives_128(size: int) -> None:
    assert ResidualNetwork(size=size).eval()(torch.rand(2, 3, size, size)).shape == (2, 128)


def test_a_reduced_image_gives_what_the_image_gives() -> None:
    network = ResidualNetwork(channels=1).eval()
    image = torch.rand(2, 3, 100, 100)
    reduced = network.reduced(image)
    assert reduced.shape == (2, 1, 50, 50)
    assert torch.equal(network(reduced), network(image))
    torch.testing.assert_close(reduced.mean(), image.mean())


@pytest.mark.parametrize(("crop", "kept"), [(1.0, 100), (0.84, 84), (0.76, 76), (0.5, 50)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8])
def test_a_central_crop_is_reduced_to_the_same_side(
    crop: float, kept: int, dtype: torch.dtype
) -> None:
    network = ResidualNetwork(channels=1, full=True, crop=crop).eval()
    image = (255 * torch.rand(2, 3, 100, 100)).to(dtype)
    inner = slice((100 - kept) // 2, (100 + kept) // 2)
    reduced = network.reduced(image)
    by_hand = ResidualNetwork(size=kept, channels=1, full=True).reduced(image[..., inner, inner])
    assert reduced.shape == (2, 1, 50, 50)
    assert torch.equal(reduced, by_hand)
    assert torch.equal(network.reduced(reduced), reduced)
    if dtype == torch.float32:
        assert torch.equal(network(reduced), network(image))


def test_a_central_crop_hides_the_margin_and_is_symmetric() -> None:
    network = ResidualNetwork(size=48, full=True, crop=0.8).eval()
    image = torch.rand(1, 3, 48, 48)
    inner = image.clone()
    inner[..., :5, :] = inner[..., -5:, :] = inner[..., :5] = inner[..., -5:] = 0
    assert torch.equal(network(inner), network(image))
    assert network.reduced(image).shape == (1, 3, 38, 38)
    torch.testing.assert_close(network.reduced(image.flip(-1)), network.reduced(image).flip(-1))


def test_a_smaller_image_is_not_enlarged() -> None:
    network = ResidualNetwork(full=True).eval()
    small = torch.rand(2, 3, 32, 32)
    assert network.reduced(small) is small
    assert network(small).shape == (2, 128)


def test_full_resolution_keeps_the_side_of_the_image() -> None:
    network = ResidualNetwork(channels=1, width=8, full=True).eval()
    assert network.convolutions[0](torch.rand(1, 1, 50, 50)).shape == (1, 8, 50, 50)
    assert network.convolutions(torch.rand(1, 1, 50, 50)).shape == (1, 64, 7, 7)
    assert network(torch.rand(2, 3, 100, 100)).shape == (2, 128)


def test_further_blocks_of_a_stage_keep_its_maps() -> None:
    network = ResidualNetwork(channels=1, width=8, blocks=3, full=True).eval()
    blocks = [layer for layer in network.convolutions if isinstance(layer, BasicBlock)]
    filters = [block.residual[0].out_channels for block in blocks]
    assert filters == [16, 16, 16, 32, 32, 32, 64, 64, 64]
    sides, maps = [], torch.rand(1, 1, 50, 50)
    for layer in network.convolutions:
        maps = layer(maps)
        sides += [maps.shape[-1]] if isinstance(layer, BasicBlock) else []
    assert sides == [25, 25, 25, 13, 13, 13, 7, 7, 7]


def test_a_block_starts_as_its_shortcut() -> None:
    maps = torch.rand(2, 8, 6, 6)
    assert torch.equal(BasicBlock(8, 8).eval()(maps), maps)
    block = BasicBlock(8, 16, stride=2).eval()
    assert torch.equal(block(maps), block.shortcut(maps).relu())
    assert block(maps).shape == (2, 16, 3, 3)


def test_images_too_small_are_refused() -> None:
    with pytest.raises(ValueError, match="12 px are too small"):
        ResidualNetwork(size=12)


def test_the_whole_network_keeps_the_papers_fusion() -> None:
    config = network_config({"preset": "recommended"})
    network = FusionNetwork(config, 7).eval()
    inputs = {
        "image": torch.rand(2, 3, 100, 100),
        "shading": torch.rand(2, 1, 100, 100),
        "landmarks": 100 * torch.rand(2, 68, 2),
    }
    assert network.embed(**inputs).shape == (2, 384)
    reduced = network.reduced(inputs)
    assert reduced["image"].shape == (2, 3, 50, 50)
    assert reduced["shading"].shape == (2, 1, 50, 50)
    torch.testing.assert_close(network(**reduced), network(**inputs))


def test_an_image_that_no_branch_sees_costs_nothing() -> None:
    network = FusionNetwork(NetworkConfig(shading=False, landmark=False), 7).eval()
    inputs = {"image": torch.rand(1, 3, 100, 100), "shading": torch.rand(1, 1, 100, 100)}
    reduced = network.reduced(inputs)
    assert reduced["shading"].shape == (1, 1, 1, 1)
    assert torch.equal(network(**reduced), network(**inputs))


def test_the_papers_network_looks_at_the_whole_image() -> None:
    network = FusionNetwork(NetworkConfig(), 7)
    inputs = {"image": torch.rand(1, 3, 100, 100), "shading": torch.rand(1, 1, 100, 100)}
    assert network.reduced(inputs) == inputs


def test_another_preset_is_refused() -> None:
    with pytest.raises(UserError, match=r"preset: expected recommended \| photos \| paper"):
        NetworkConfig(preset="best")


@pytest.mark.parametrize("channels", [1, 3])
def test_halving_is_area_averaging(channels: int) -> None:
    stored = torch.randint(0, 256, (3, 96, 80, channels), dtype=torch.uint8)
    image = stored.movedim(-1, 1)
    expected = F.interpolate(image.double() / 255, size=(48, 40), mode="area").float()
    for layout in (image, image.contiguous()):
        half = halved(layout)
        assert half.is_contiguous()
        torch.testing.assert_close(half, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("size", [48, 80, 100])
@pytest.mark.parametrize("channels", [1, 3])
def test_stored_pixels_are_reduced_as_fractions_are(size: int, channels: int) -> None:
    network = ResidualNetwork(size=size, channels=channels)
    stored = torch.randint(0, 256, (2, 3, size, size), dtype=torch.uint8)
    reduced = network.reduced(stored)
    assert reduced.dtype == torch.float32
    torch.testing.assert_close(reduced, network.reduced(stored / 255))


def test_a_network_reduces_a_stored_batch() -> None:
    network = FusionNetwork(network_config({"preset": "recommended", "landmark": False}), 7).eval()
    batch = {
        "image": torch.randint(0, 256, (2, 100, 100, 3), dtype=torch.uint8),
        "shading": torch.randint(0, 256, (2, 100, 100), dtype=torch.uint8),
    }
    reduced = network.reduced(raw_inputs(batch))
    assert {values.dtype for values in reduced.values()} == {torch.float32}
    torch.testing.assert_close(network(**reduced), network(**to_inputs(batch)))
