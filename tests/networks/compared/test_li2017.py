"""DLP-CNN, layer by layer, and its loss."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from fer3d.networks.compared.li2017 import Li2017, locality_preserving_loss


@pytest.fixture(scope="module")
def network() -> Li2017:
    torch.manual_seed(0)
    return Li2017(7).eval()


def test_parameters(network: Li2017) -> None:
    assert sum(values.numel() for values in network.parameters()) == 74_944_743


def test_layers(network: Li2017) -> None:
    filters = [layer.out_channels for layer in network.convolutions]
    assert filters == [64, 96, 128, 128, 256, 256]
    for layer in network.convolutions:
        assert (layer.kernel_size, layer.stride, layer.padding) == ((3, 3), (1, 1), (1, 1))
    assert network.encoder.in_features == 36_864
    assert network.encoder.out_features == network.classifier.in_features == 2000
    kinds = (nn.BatchNorm2d, nn.Dropout)
    assert not any(isinstance(layer, kinds) for layer in network.modules())


def test_sides_of_the_maps(network: Li2017) -> None:
    sides: list[int] = []
    hooks = [
        layer.register_forward_hook(lambda _l, _i, maps: sides.append(maps.shape[-1]))
        for layer in network.convolutions
    ]
    features = network.features(torch.rand(1, 3, 100, 100))
    for hook in hooks:
        hook.remove()
    assert sides == [100, 50, 25, 25, 12, 12]
    assert features.shape == (1, 2000)
    assert features.min() >= 0


def test_loss_by_hand() -> None:
    """Class 0 at 0, 1 and 5 on a line, class 1 at 7 and 8; the one nearest mate."""
    features = torch.tensor([[0.0], [1.0], [5.0], [7.0], [8.0]])
    labels = torch.tensor([0, 0, 0, 1, 1])
    expected = 0.5 * (1 + 1 + 4**2 + 1 + 1) / 5
    assert locality_preserving_loss(features, labels, 1).item() == pytest.approx(expected)


def test_a_class_with_few_images_has_fewer_neighbours() -> None:
    """With k of 20 the neighbours are all mates: 0 sees 3, 1 sees 2.5, 5 sees 0.5."""
    features = torch.tensor([[0.0], [1.0], [5.0], [9.0]])
    labels = torch.tensor([0, 0, 0, 1])
    expected = 0.5 * (3**2 + 1.5**2 + 4.5**2) / 3  # the last image is alone and left out
    assert locality_preserving_loss(features, labels, 20).item() == pytest.approx(expected)


def test_images_without_mates_cost_nothing() -> None:
    features = torch.rand(3, 4, requires_grad=True)
    loss = locality_preserving_loss(features, torch.arange(3))
    loss.backward()
    assert loss.item() == 0
    assert not features.grad.any()


def test_no_gradient_flows_through_the_neighbours() -> None:
    features = torch.tensor([[0.0], [2.0]], requires_grad=True)
    locality_preserving_loss(features, torch.zeros(2, dtype=torch.int64)).backward()
    torch.testing.assert_close(features.grad, torch.tensor([[-1.0], [1.0]]))


def test_the_objective_is_cross_entropy_and_locality() -> None:
    network = Li2017(2, side=16, locality=0.5, neighbours=1).eval()
    image, labels = torch.rand(4, 3, 16, 16), torch.tensor([0, 0, 1, 1])
    loss, logits = network.objective({"image": image}, labels, F.cross_entropy)
    local = locality_preserving_loss(network.features(image), labels, 1)
    torch.testing.assert_close(loss, F.cross_entropy(logits, labels) + 0.5 * local)


def test_the_svm_takes_the_place_of_the_softmax() -> None:
    network = Li2017(3, side=16).eval()
    image = torch.rand(2, 3, 16, 16)
    expected = network(image).softmax(dim=1)
    torch.testing.assert_close(network.probabilities(image=image), expected)
    network.use_svm(torch.zeros(3, 2000), torch.tensor([0.0, math.log(2), math.log(5)]))
    expected = torch.tensor([[1 / 8, 2 / 8, 5 / 8]]).expand(2, 3)
    torch.testing.assert_close(network.probabilities(image=image), expected)
