"""LTNet: the base network, layer by layer, the transition matrices and their loss."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from fer3d.networks.compared.zeng2018 import (
    Zeng2018,
    ZengBase,
    annotator_loss,
    annotator_probabilities,
)


def count(network: nn.Module) -> int:
    return sum(values.numel() for values in network.parameters())


def test_parameters() -> None:
    assert count(ZengBase(7)) == 3_392_493
    assert count(ZengBase(7, side=248)) == 8_111_085
    assert count(Zeng2018(7)) == 3_392_493 + 2 * 7 * 7


def test_stages() -> None:
    network = ZengBase(7).eval()
    shapes: list[tuple[int, ...]] = []
    for block in network.blocks:
        block.register_forward_hook(lambda _l, _i, maps: shapes.append(tuple(maps.shape[1:])))
    network(torch.rand(1, 3, 100, 100))
    expected = [(64, 25, 25)] * 3 + [(128, 13, 13)] * 4 + [(256, 7, 7)] * 16 + [(384, 4, 4)] * 3
    assert shapes == expected
    assert network.encoder[0].in_features == 384 * 2 * 2
    assert ZengBase(7, side=248).encoder[0].in_features == 384 * 4 * 4


def test_projections_stand_in_the_first_block_of_a_stage() -> None:
    network = ZengBase(7)
    first = [number for number, block in enumerate(network.blocks) if len(block.shortcut)]
    assert first == [0, 3, 7, 23]
    strides = [network.blocks[number].shortcut[0].stride[0] for number in first]
    assert strides == [1, 2, 2, 2]
    assert len(network.blocks[-1].after) == 0
    assert all(len(block.after) for block in network.blocks[:-1])


def test_convolutions_have_no_bias() -> None:
    layers = [layer for layer in ZengBase(7).modules() if isinstance(layer, nn.Conv2d)]
    assert len(layers) == 1 + 26 * 3 + 4
    assert all(layer.bias is None for layer in layers)


def test_the_first_two_convolutions_can_be_frozen() -> None:
    network = ZengBase(7)
    network.freeze_first_convolutions()
    frozen = [name for name, values in network.named_parameters() if not values.requires_grad]
    assert frozen == ["stem.1.weight", "blocks.0.residual.0.weight"]


def test_annotators_by_hand() -> None:
    latent = torch.tensor([[0.75, 0.25]])
    transitions = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.8, 0.2], [0.4, 0.6]]])
    expected = torch.tensor([[[0.75, 0.25], [0.7, 0.3]]])
    torch.testing.assert_close(annotator_probabilities(latent, transitions), expected)


def test_loss_by_hand() -> None:
    said = torch.tensor([[[0.75, 0.25], [0.7, 0.3]], [[0.5, 0.5], [0.1, 0.9]]])
    labels = torch.tensor([[0, 1], [1, 0]])
    human, machine = (math.log(0.75) + math.log(0.5)) / 2, (math.log(0.3) + math.log(0.1)) / 2
    loss = annotator_loss(said, labels, (3.0, 0.5), F.cross_entropy)
    assert loss.item() == pytest.approx(-3 * human - 0.5 * machine, abs=1e-5)


def test_an_impossible_label_costs_a_finite_amount() -> None:
    loss = annotator_loss(
        torch.tensor([[[1.0, 0.0]]]), torch.tensor([[1]]), (1.0,), F.cross_entropy
    )
    assert loss.item() == pytest.approx(-math.log(1e-7), rel=1e-3)


def test_transition_matrices_start_near_the_identity() -> None:
    matrices = Zeng2018(3, diagonal=0.9).transitions
    assert matrices.shape == (2, 3, 3)
    torch.testing.assert_close(matrices[1], 0.85 * torch.eye(3) + 0.05)


def test_rows_of_transition_matrices_are_made_distributions() -> None:
    network = Zeng2018(2)
    with torch.no_grad():
        network.transitions[0] = torch.tensor([[-0.5, 2.0], [0.3, 0.3]])
    network.project_transitions()
    assert (network.transitions > 0).all()
    torch.testing.assert_close(network.transitions.sum(dim=2), torch.ones(2, 2))
    expected = torch.tensor([[1e-5 / (2 + 1e-5), 2 / (2 + 1e-5)], [0.5, 0.5]])
    torch.testing.assert_close(network.transitions[0], expected)


def test_the_matrices_are_not_used_for_the_answer() -> None:
    network = Zeng2018(3).eval()
    image = torch.rand(2, 3, 100, 100)
    assert torch.equal(network(image), network.base(image))


def test_a_human_label_alone_costs_its_cross_entropy() -> None:
    network = Zeng2018(3).eval()
    labels = torch.tensor([0, 2])
    inputs = {"image": torch.rand(2, 3, 100, 100)}
    loss, logits = network.objective(inputs, labels, F.cross_entropy)
    torch.testing.assert_close(loss, F.cross_entropy(logits, labels))
