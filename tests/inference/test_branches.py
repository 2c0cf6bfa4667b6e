"""Single branches of networks with random weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fer3d.inference.branches import ALL, branch_logits, mixed_probabilities
from fer3d.inference.recognize import Predictor
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.checkpoint import TrainedNetwork, save_trained

CLASSES = ("anger", "fear", "surprise")


@pytest.fixture(scope="module")
def late(predictor, tmp_path_factory) -> Predictor:
    """A recognizer whose branches have classifiers of their own."""
    torch.manual_seed(1)
    config = NetworkConfig(preset="photos", width=8, landmark=False)
    network = FusionNetwork(config, len(CLASSES)).eval()
    network.temperature.fill_(0.7)
    file = tmp_path_factory.mktemp("late") / "model.safetensors"
    save_trained(
        TrainedNetwork(network, CLASSES, 100, 100, {}, predictor.trained.preprocessing), file
    )
    return Predictor(file, predictor.toolbox)


def test_all_branches_together_give_the_answer_of_the_recognizer(late, predictor, face) -> None:
    for recognizer, names in ((late, {ALL, "base", "shading"}), (predictor, {ALL})):
        got = recognizer.central_face(face)
        logits = branch_logits(recognizer.trained, got)
        assert logits.keys() == names
        mixed = mixed_probabilities(logits, names - {ALL})
        assert mixed == pytest.approx(list(got.probabilities.values()), abs=1e-6)


def test_a_branch_is_not_moved_by_the_input_of_another(late, face, two_faces) -> None:
    one, other = late.central_face(face), late.central_face(two_faces)
    crossed = replace(one, relit=other.relit)
    before, after = branch_logits(late.trained, one), branch_logits(late.trained, crossed)
    assert before["base"] == after["base"]
    assert before["shading"] != after["shading"] and before[ALL] != after[ALL]


def test_without_reconstruction_the_photo_alone_answers(late, grey) -> None:
    logits = branch_logits(late.trained, late.central_face(grey))
    assert logits.keys() == {ALL, "base"} and logits[ALL] == logits["base"]


def test_some_branches_give_the_geometric_mean() -> None:
    logits = {ALL: [0.0, 9.0], "a": [1.0, 3.0], "b": [2.0, -1.0], "c": [5.0, 5.0]}
    a, b, both = (np.array(mixed_probabilities(logits, on)) for on in (["a"], ["b"], ["a", "b"]))
    assert a == pytest.approx([1 / (1 + np.e**2), 1 / (1 + np.e**-2)])
    assert both == pytest.approx(np.sqrt(a * b) / np.sqrt(a * b).sum())
    assert mixed_probabilities(logits, ["a", "b", "c"]) == mixed_probabilities({ALL: [0, 9]}, [])


@pytest.mark.parametrize("on", [[], ["nobody"], ["a", "nobody"]])
def test_unknown_branches_are_an_error(on) -> None:
    with pytest.raises(ValueError, match="expected some of"):
        mixed_probabilities({ALL: [0.0], "a": [0.0], "b": [1.0]}, on)
