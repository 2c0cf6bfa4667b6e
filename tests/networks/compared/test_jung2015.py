"""DTAN, DTGN and their joint step, layer by layer."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer3d.networks.compared.jung2015 import DTAN, DTGN, Jung2015


def count(network: nn.Module) -> int:
    return sum(values.numel() for values in network.parameters())


def test_parameters() -> None:
    assert count(DTAN(7)) == 8_550_635
    assert count(DTGN(7)) == 78_507
    assert count(Jung2015(7)) == 8_550_635 + 78_507


def test_appearance_layers() -> None:
    network = DTAN(7)
    for layer, channels in zip(network.convolutions, (1, 64), strict=True):
        assert (layer.in_channels, layer.out_channels) == (channels, 64)
        assert (layer.kernel_size, layer.padding) == ((5, 5), (2, 2))
    assert [layer.size for layer in network.normalizations] == [5, 3]
    widths = [layer.in_features for layer in network.encoder if isinstance(layer, nn.Linear)]
    assert widths == [64 * 16 * 16, 500]
    assert network.top.in_features == 500
    assert (network.pixels.side, network.pixels.channels) == (64, 1)


def test_geometry_layers() -> None:
    network = DTGN(7)
    widths = [layer.in_features for layer in network.encoder if isinstance(layer, nn.Linear)]
    assert widths == [136, 100]
    assert network.top.in_features == 600


def test_logits_are_summed(inputs: dict[str, Tensor]) -> None:
    network = Jung2015(5).eval()
    expected = network.dtan(**inputs) + network.dtgn(**inputs)
    torch.testing.assert_close(network(**inputs), expected)


def test_only_the_tops_learn_in_the_joint_step() -> None:
    network = Jung2015(5)
    network.freeze_below_the_tops()
    learning = {name for name, values in network.named_parameters() if values.requires_grad}
    assert learning == {
        f"{part}.top.{kind}" for part in ("dtan", "dtgn") for kind in ("weight", "bias")
    }


def test_joint_loss_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """l1 = (1, 0), l2 = (0, 2), label 0: cross entropies of (1, 0), (0, 2) and (1, 2)."""
    network = Jung2015(2)
    logits = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    monkeypatch.setattr(network, "both", lambda inputs: logits)
    loss, joint = network.objective({}, torch.tensor([0]), F.cross_entropy)
    costs = [torch.tensor(2.718281828**gap).log1p() for gap in (-1, 2, 1)]
    torch.testing.assert_close(loss, costs[0] + costs[1] + 0.1 * costs[2])
    assert torch.equal(joint, torch.tensor([[1.0, 2.0]]))
