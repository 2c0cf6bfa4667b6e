"""PHRNN and MSCNN, layer by layer, the verification loss and the fusion."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer3d.networks.compared.zhang2017 import (
    MSCNN,
    PHRNN,
    Zhang2017,
    fuse,
    verification_loss,
)


def count(network: nn.Module) -> int:
    return sum(values.numel() for values in network.parameters())


def test_parameters() -> None:
    assert count(MSCNN(7)) == 53_207
    assert count(PHRNN(7)) == 553_387


def test_sides_of_the_maps() -> None:
    network = MSCNN(7)
    shapes: list[tuple[int, ...]] = []
    network.normalization.register_forward_hook(lambda _l, _i, maps: shapes.append(maps.shape[1:]))
    network.last.register_forward_hook(lambda _l, _i, maps: shapes.append(maps.shape[1:]))
    assert network.features(torch.rand(2, 3, 100, 100)).shape == (2, 80)
    assert shapes == [(10, 28, 28), (20, 12, 12), (40, 4, 4), (40, 2, 2)]


def test_recurrent_layers() -> None:
    network = PHRNN(7)
    levels = (network.parts, network.third, network.fourth, network.sixth, network.seventh)
    sizes = [[(layer.input_size, layer.hidden_size) for layer in level] for level in levels]
    assert sizes == [
        [(20, 30), (18, 30), (24, 30), (40, 30)],
        [(120, 30), (60, 30), (60, 30)],
        [(60, 60)] * 3,
        [(240, 60)] * 2,
        [(120, 90)] * 2,
    ]
    assert all(layer.bidirectional for level in levels for layer in level)
    assert (network.ninth.input_size, network.ninth.hidden_size) == (360, 90)


def test_the_jaw_is_not_looked_at(inputs: dict[str, Tensor]) -> None:
    """But for its share in the spread of the coordinates, which a permutation keeps."""
    network = PHRNN(5).eval()
    other = inputs["landmarks"].clone()
    other[:, :17] = other[:, :17].flip(1)
    logits = network(inputs["landmarks"], inputs["reconstructed"])
    torch.testing.assert_close(network(other, inputs["reconstructed"]), logits)


def test_verification_loss_by_hand() -> None:
    """Unit vectors at 0, 90 and 20 degrees: one pair of a class, two pairs of two classes."""
    angles = torch.tensor([0.0, 90.0, 20.0]).deg2rad()
    features = 3 * torch.stack([angles.cos(), angles.sin()], dim=1)  # the length does not matter
    labels = torch.tensor([0, 0, 1])
    near = 2 * math.sin(math.radians(10))
    far = 2 * math.sin(math.radians(35))
    expected = (0.5 * 2 + 0.5 * max(0, 1 - near) ** 2 + 0.5 * max(0, 1 - far) ** 2) / 3
    assert verification_loss(features, labels).item() == pytest.approx(expected, rel=1e-5)


def test_equal_features_have_a_finite_gradient() -> None:
    features = torch.ones(2, 3, requires_grad=True)
    verification_loss(features, torch.tensor([0, 1])).backward()
    assert features.grad.isfinite().all()


def test_one_image_is_no_pair() -> None:
    assert verification_loss(torch.ones(1, 3), torch.zeros(1)).item() == 0


def test_the_objective_is_cross_entropy_and_verification() -> None:
    network = MSCNN(3, verification=0.5).eval()
    image, labels = torch.rand(4, 3, 64, 64), torch.tensor([0, 0, 1, 2])
    loss, logits = network.objective({"image": image}, labels, F.cross_entropy)
    pairs = verification_loss(network.features(image), labels)
    torch.testing.assert_close(loss, F.cross_entropy(logits, labels) + 0.5 * pairs)


def test_the_weight_says_whose_probabilities_count(inputs: dict[str, Tensor]) -> None:
    network = Zhang2017(5).eval()
    by_points, by_image = (part.probabilities(**inputs) for part in (network.phrnn, network.mscnn))
    for weight, expected in (
        (1.0, by_points),
        (0.0, by_image),
        (0.3, 0.3 * by_points + 0.7 * by_image),
    ):
        network.fusion_weight.fill_(weight)
        torch.testing.assert_close(network.probabilities(**inputs), expected)
        torch.testing.assert_close(fuse(by_points, by_image, weight), expected)
