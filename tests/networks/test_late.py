"""Late fusion: the preset `photos`."""

import pytest
import torch
from torch import Tensor

from fer3d.networks.fusion import FusionNetwork
from fer3d.networks.late import LateFusion
from fer3d.presets.configs import network_config

CLASSES = 7


@pytest.fixture
def inputs() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "image": torch.rand(4, 3, 100, 100, generator=generator),
        "shading": torch.rand(4, 1, 100, 100, generator=generator),
        "landmarks": torch.rand(4, 68, 2, generator=generator),
        "vertices": torch.rand(4, 468, 3, generator=generator),
        "reconstructed": torch.tensor([True, False, True, True]),
    }


def test_each_branch_has_a_classifier_and_all_have_one(inputs: dict[str, Tensor]) -> None:
    network = FusionNetwork(network_config({"preset": "photos", "vertices": True}), CLASSES).eval()
    heads = network.heads(**inputs)
    assert [head.shape for head in heads] == [(4, CLASSES)] * 5
    assert torch.equal(network(**inputs), heads[0])


def test_the_network_fits_in_ten_megabytes_at_half_precision() -> None:
    network = FusionNetwork(network_config({"preset": "photos", "vertices": True}), CLASSES)
    assert 2 * sum(values.numel() for values in network.state_dict().values()) < 10e6


def test_one_branch_alone_has_one_classifier(inputs: dict[str, Tensor]) -> None:
    config = network_config({"preset": "photos", "shading": False, "landmark": False})
    assert len(FusionNetwork(config, CLASSES).eval().heads(**inputs)) == 1


def test_without_a_3d_face_the_photo_answers(inputs: dict[str, Tensor]) -> None:
    network = FusionNetwork(network_config({"preset": "photos"}), CLASSES).eval()
    whole, photo, *_ = network.heads(**inputs)
    assert torch.equal(whole[1], photo[1])
    assert not torch.equal(whole[0], photo[0])
    other = inputs | {"landmarks": torch.rand(4, 68, 2), "shading": torch.rand(4, 1, 100, 100)}
    assert torch.equal(network(**other)[1], whole[1])


def test_without_a_photo_branch_the_joint_classifier_answers() -> None:
    fusion = LateFusion(("shading", "landmark"), CLASSES, 0.0)
    embeddings = torch.rand(2, 256)
    found = fusion(embeddings, torch.tensor([True, False]))
    assert torch.equal(found[0], fusion.joint(embeddings))


def test_every_weight_is_trained_by_the_heads(inputs: dict[str, Tensor]) -> None:
    network = FusionNetwork(network_config({"preset": "photos", "vertices": True}), CLASSES)
    sum(head.square().sum() for head in network.heads(**inputs)).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_temperature_changes_probabilities_and_no_answer(inputs: dict[str, Tensor]) -> None:
    network = FusionNetwork(network_config({"preset": "photos"}), CLASSES).eval()
    before = network.probabilities(**inputs)
    network.temperature.fill_(2.0)
    after = network.probabilities(**inputs)
    torch.testing.assert_close(after, (before.log() / 2).softmax(dim=1))
    assert torch.equal(after.argmax(dim=1), before.argmax(dim=1))
