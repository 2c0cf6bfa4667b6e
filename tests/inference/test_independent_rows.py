"""Networks whose rows do not affect each other, against the same networks as they were trained."""

import pickle

import pytest
import torch
from torch import Tensor, nn

from fer3d.inference.independent_rows import ROWS, with_independent_rows
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork

CLASSES, BATCH, FEATURES = 7, 2 * ROWS + 1, 20


@pytest.fixture(scope="module")
def inputs() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "image": torch.rand(BATCH, 3, 100, 100, generator=generator),
        "shading": torch.rand(BATCH, 1, 100, 100, generator=generator),
        "landmarks": 100 * torch.rand(BATCH, 68, 2, generator=generator),
        "vertices": torch.randn(BATCH, 468, 3, generator=generator),
        "features": torch.randn(BATCH, 2, FEATURES, generator=generator).half(),
        "reconstructed": torch.arange(BATCH) != 1,
    }


@pytest.fixture(scope="module", params=["paper", "recommended", "photos"])
def network(request: pytest.FixtureRequest) -> FusionNetwork:
    """A network whose normalizations have statistics, scales and shifts as after a training."""
    torch.manual_seed(0)
    on = {"vertices": True, "features": True, "mirrored": True}
    config = NetworkConfig(preset=request.param, width=8, **on)
    made = FusionNetwork(config, CLASSES, features=FEATURES).eval()
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -1, 1)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            nn.init.uniform_(layer.weight, 0.5, 2)
            nn.init.uniform_(layer.bias, -1, 1)
    return made


def test_the_answers_are_those_of_the_network(network: FusionNetwork, inputs) -> None:
    before = {name: values.clone() for name, values in network.state_dict().items()}
    expected = network.probabilities(**inputs)
    got = with_independent_rows(network).probabilities(**inputs)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-6)
    assert expected.std(dim=0).max() > 1e-3  # the faces differ
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())


@pytest.mark.parametrize("size", [1, 2, ROWS, ROWS + 1])
def test_a_row_has_the_same_bytes_in_every_batch(network: FusionNetwork, inputs, size: int) -> None:
    rows = with_independent_rows(network)
    parts = [
        {name: values[start : start + size] for name, values in inputs.items()}
        for start in range(0, BATCH, size)
    ]
    apart = torch.cat([rows.probabilities(**part) for part in parts])
    assert torch.equal(apart, rows.probabilities(**inputs))


def test_images_of_another_size_can_follow() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(3, 5, 3, stride=2, padding=1)
    rows = with_independent_rows(nn.Sequential(layer))
    for side in (32, 17, 32):
        image = torch.rand(2, 3, side, side)
        torch.testing.assert_close(rows(image), layer(image), rtol=0, atol=1e-6)


def test_a_network_that_was_used_can_be_sent_to_another_process(inputs) -> None:
    rows = with_independent_rows(FusionNetwork(NetworkConfig(width=8), CLASSES).eval())
    expected = rows.probabilities(**inputs)
    assert torch.equal(pickle.loads(pickle.dumps(rows)).probabilities(**inputs), expected)
