"""Expressions of the faces in an image, with an untrained recognizer."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fer3d.errors import UserError
from fer3d.inference.recognize import TIGHT, UNCERTAIN, Predictor
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.networks.inputs import to_inputs
from fer3d.reconstruction.attention import FEATURES
from fer3d.training.checkpoint import load_trained, save_trained


def test_a_photo_gets_an_expression_and_a_face(predictor, astronaut):
    got = predictor.central_face(astronaut)
    assert got.expression == max(got.probabilities, key=got.probabilities.get)
    assert tuple(got.probabilities) == predictor.classes
    assert sum(got.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert got.face.aligned.aligned and got.face.reconstruction.reason == ""
    assert got.relit.mask.any()


def test_the_same_photo_gets_the_same_answer(predictor, astronaut):
    first, second = predictor.central_face(astronaut), predictor.central_face(astronaut)
    assert pickle.dumps(first) == pickle.dumps(second)


def test_an_image_without_a_face_says_so(predictor, grey):
    got = predictor.central_face(grey)
    assert not got.face.aligned.aligned and got.face.reconstruction.reason == "no_face"
    assert not got.relit.shading.any()
    assert predictor.all_faces(grey) == []


def test_the_network_sees_what_it_would_see_in_the_stage(predictor, face):
    got = predictor.central_face(face)
    network = load_trained(predictor.checkpoint).network
    arrays = {
        "image": got.face.aligned.image,
        "shading": got.relit.shading,
        "landmarks": got.face.reconstruction.landmarks_image,
        "reconstructed": np.array(True),
    }
    batch = {name: torch.from_numpy(np.stack([array] * 3)) for name, array in arrays.items()}
    expected = network.probabilities(**to_inputs(batch))
    assert list(got.probabilities.values()) == pytest.approx(expected[1].tolist(), abs=1e-6)


def test_a_recognizer_with_a_features_branch_sees_what_the_mesh_network_saw(
    predictor, face, tmp_path: Path
):
    trained = load_trained(predictor.checkpoint)
    config = NetworkConfig(base=False, shading=False, landmark=False, features=True)
    torch.manual_seed(0)
    network = FusionNetwork(config, len(trained.classes), features=FEATURES).eval()
    reconstruct = dict(trained.preprocessing["reconstruct"]) | {"features": True}
    made_by = dict(trained.preprocessing) | {"reconstruct": reconstruct}
    made = replace(trained, network=network, preprocessing=made_by, features=FEATURES)
    save_trained(made, tmp_path / "model.safetensors")
    got = Predictor(tmp_path / "model.safetensors", predictor.toolbox).central_face(face)
    features = got.face.reconstruction.features
    assert features.any() and predictor.central_face(face).face.reconstruction.features is None
    expected = network.probabilities(features=torch.from_numpy(features)[None])[0]
    assert list(got.probabilities.values()) == pytest.approx(expected.tolist(), abs=1e-6)


def test_a_recognizer_whose_preprocessing_lacks_its_features_says_so(
    predictor, face, tmp_path: Path
):
    trained = load_trained(predictor.checkpoint)
    config = NetworkConfig(shading=False, landmark=False, features=True)
    network = FusionNetwork(config, len(trained.classes), features=FEATURES)
    made = replace(trained, network=network, features=FEATURES)
    save_trained(made, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"reconstruct\.features false: train again"):
        Predictor(tmp_path / "model.safetensors", predictor.toolbox).central_face(face)


def test_each_face_of_a_photo_gets_its_own_answer(predictor, two_faces, face):
    left, right = predictor.all_faces(two_faces)
    assert pickle.dumps(left) == pickle.dumps(predictor.central_face(two_faces))
    assert left.probabilities != right.probabilities
    alone = predictor.central_face(np.ascontiguousarray(two_faces[:, 256:]))
    assert right.expression == alone.expression


def test_a_recognizer_of_whole_images_is_shown_each_face_alone(
    predictor, two_faces, tmp_path: Path
):
    trained = load_trained(predictor.checkpoint)
    align = dict(trained.preprocessing["align"]) | {"crop": None}
    made_by = dict(trained.preprocessing) | {"align": align}
    save_trained(replace(trained, preprocessing=made_by), tmp_path / "model.safetensors")
    whole = Predictor(tmp_path / "model.safetensors", predictor.toolbox)
    assert _scale(whole.central_face(two_faces)) == pytest.approx(100 / 460, rel=1e-4)
    for shown in whole.all_faces(two_faces):
        side = TIGHT * shown.face.aligned.box_source[2:].mean()
        assert _scale(shown) == pytest.approx(100 / side, rel=1e-4)


def test_a_missing_checkpoint_says_what_to_run(predictor, astronaut, tmp_path: Path):
    missing = Predictor(tmp_path / "none.safetensors", predictor.toolbox)
    with pytest.raises(UserError, match="dvc repro train"):
        missing.central_face(astronaut)


def _scale(prediction) -> float:
    """Px of the aligned image per px of the source image."""
    return float(np.sqrt(np.linalg.det(prediction.face.aligned.aligned_from_image[:, :2])))


def test_below_the_least_confidence_the_answer_is_uncertain(predictor, face) -> None:
    sure = predictor.central_face(face)
    careful = replace(predictor, min_confidence=sure.confidence + 0.001).central_face(face)
    assert careful.expression == UNCERTAIN
    assert careful.probabilities == sure.probabilities
    assert replace(sure, min_confidence=sure.confidence).expression == sure.expression
