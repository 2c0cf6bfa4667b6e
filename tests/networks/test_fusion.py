"""The whole network: branches on and off."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from fer3d.errors import UserError
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork

CLASSES = 7


@pytest.fixture(scope="module")
def inputs() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "image": torch.rand(3, 3, 100, 100, generator=generator),
        "shading": torch.rand(3, 1, 100, 100, generator=generator),
        "landmarks": torch.rand(3, 68, 2, generator=generator),
        "reconstructed": torch.tensor([True, False, True]),
    }


def test_three_branches_are_fused_from_384_over_512_and_128(inputs: dict[str, Tensor]) -> None:
    network = FusionNetwork(NetworkConfig(), CLASSES).eval()
    assert network.embed(**inputs).shape == (3, 384)
    joined = [m for part in (network.fusion, network.classifier) for m in part.modules()]
    widths = [(m.in_features, m.out_features) for m in joined if isinstance(m, nn.Linear)]
    assert widths == [(384, 512), (512, 128), (128, CLASSES)]
    assert network(**inputs).shape == (3, CLASSES)


@pytest.mark.parametrize("on", [on for on in product((True, False), repeat=3) if any(on)])
def test_any_branches_can_be_on(on: tuple[bool, bool, bool], inputs: dict[str, Tensor]) -> None:
    config = NetworkConfig(**dict(zip(("base", "shading", "landmark"), on, strict=True)))
    network = FusionNetwork(config, CLASSES).eval()
    assert network.embed(**inputs).shape == (3, 128 * sum(on))
    assert tuple(network.branches) == config.branches


def test_inputs_of_branches_that_are_off_may_be_left_out(inputs: dict[str, Tensor]) -> None:
    network = FusionNetwork(NetworkConfig(shading=False, landmark=False), CLASSES).eval()
    assert torch.equal(network(image=inputs["image"]), network(**inputs))
    with pytest.raises(ValueError, match="base branch is on"):
        network(shading=inputs["shading"])


def test_probabilities_sum_to_one_and_carry_no_gradient(inputs: dict[str, Tensor]) -> None:
    probabilities = FusionNetwork(NetworkConfig(), CLASSES).eval().probabilities(**inputs)
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(3))
    assert not probabilities.requires_grad


def test_in_evaluation_an_image_does_not_see_its_neighbours(inputs: dict[str, Tensor]) -> None:
    network = FusionNetwork(NetworkConfig(), CLASSES).eval()
    alone = network(**{name: values[:1] for name, values in inputs.items()})
    torch.testing.assert_close(alone, network(**inputs)[:1], rtol=1e-4, atol=1e-5)


def test_every_parameter_gets_a_gradient(inputs: dict[str, Tensor]) -> None:
    network = FusionNetwork(NetworkConfig(), CLASSES)
    network(**inputs).square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"base": False, "shading": False, "landmark": False}, "at least one of"),
        ({"dropout": 1.0}, "network.dropout"),
        ({"stem_stride": 3}, "network.stem_stride"),
        ({"image_channels": 4}, "network.image_channels"),
    ],
)
def test_values_out_of_range_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        NetworkConfig(**values)
