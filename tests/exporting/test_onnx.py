"""Recognizers as ONNX models, run by ONNX Runtime."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from pngs import write_png
from typer.testing import CliRunner

from fer3d.assets.recognizers import CARD, WEIGHTS, read_card
from fer3d.cli import typer_app
from fer3d.commands import export
from fer3d.errors import UserError
from fer3d.exporting.graph import OUTPUT, random_faces
from fer3d.exporting.onnx import TOLERANCE, Agreement, compare, onnx_model
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.checkpoint import TrainedNetwork

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

CLASSES = ("anger", "fear", "surprise")
SIZE, VERTICES, FEATURES = 48, 20, 10
CONFIGS = {
    "whole": NetworkConfig(preset="recommended", width=8, vertices=True, features=True),
    "late": NetworkConfig(preset="photos", width=8, landmark=False),
    "mirrored": NetworkConfig(preset="photos", width=8, features=True, mirrored=True),
    "base": NetworkConfig(shading=False, landmark=False),
}
INPUTS = {
    "whole": {"image", "shading", "landmarks", "vertices", "features", "reconstructed"},
    "late": {"image", "shading", "reconstructed"},
    "mirrored": {"image", "shading", "landmarks", "features", "reconstructed"},
    "base": {"image"},
}


def untrained(config: NetworkConfig) -> TrainedNetwork:
    """A network with random weights, calibrated."""
    torch.manual_seed(0)
    sizes = {"image_size": SIZE, "shading_size": SIZE, "vertices": VERTICES, "features": FEATURES}
    network = FusionNetwork(config, len(CLASSES), **sizes).eval()
    network.temperature.fill_(0.7)
    known = {"seed": 3}, {"align": {"size": SIZE}}
    return TrainedNetwork(network, CLASSES, SIZE, SIZE, *known, VERTICES, FEATURES)


SLOW = {"mirrored"}  # a graph of twice the size


@pytest.fixture(
    scope="module",
    params=[pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in CONFIGS],
)
def made(request) -> tuple[str, TrainedNetwork, bytes]:
    trained = untrained(CONFIGS[request.param])
    return request.param, trained, onnx_model(trained, card="# A card")


def test_it_agrees_with_the_recognizer(made) -> None:
    _, trained, model = made
    found = compare(model, trained, random_faces(trained, 200, seed=1), chunk=77)
    assert found.faces == found.same == 200
    assert found.difference < TOLERANCE


def test_it_takes_stored_arrays_in_batches_of_any_size(made) -> None:
    name, trained, model = made
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert {one.name for one in session.get_inputs()} == INPUTS[name]
    faces = random_faces(trained, 5)
    (together,) = session.run([OUTPUT], faces)
    for row in range(5):
        (alone,) = session.run(None, {key: values[[row]] for key, values in faces.items()})
        assert alone[0] == pytest.approx(together[row], abs=1e-6)
    assert together.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_names_of_classes_and_the_card_travel_with_it(made) -> None:
    _, trained, model = made
    entries = {entry.key: entry.value for entry in onnx.load_from_string(model).metadata_props}
    assert json.loads(entries["classes"]) == list(CLASSES)
    assert json.loads(entries["network"]) == asdict(trained.network.config)
    assert json.loads(entries["preprocessing"]) == {"align": {"size": SIZE}}
    assert entries["card"] == "# A card"


def test_another_network_does_not_agree(made) -> None:
    name, _, model = made
    other = untrained(CONFIGS[name])
    with torch.no_grad():
        for weights in other.network.parameters():
            weights.mul_(1.5)
    assert compare(model, other, random_faces(other, 20)).difference > TOLERANCE


def test_a_network_that_diverged_is_not_exported(made) -> None:
    name, _, model = made
    other = untrained(CONFIGS[name])
    with torch.no_grad():
        next(other.network.parameters()).fill_(float("nan"))
    with pytest.raises(UserError, match="probabilities are not numbers"):
        compare(model, other, random_faces(other, 20))


@pytest.mark.parametrize("found", [Agreement(200, 199, 1e-7), Agreement(200, 200, 2e-4)])
def test_what_does_not_agree_is_an_error(found: Agreement) -> None:
    with pytest.raises(UserError, match=r"does not agree with the recognizer: \d+ of 200 faces"):
        export._check(found)


@pytest.mark.slow
def test_the_command_compares_on_photos_and_writes_the_model(
    predictor, face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_png(tmp_path / "photos" / "face.png", face)
    write_png(tmp_path / "photos" / "mirrored.png", face[:, ::-1])
    command = ["export", str(predictor.checkpoint), "--images", str(tmp_path / "photos")]
    command += ["--assets", str(predictor.toolbox.assets), "--out", str(tmp_path / "a.onnx")]
    for _ in range(2):  # it writes over its own
        result = CliRunner().invoke(typer_app, command)
        assert result.exit_code == 0, result.output
    assert "2 of 2 faces have the same class" in result.output
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx")
    seen = predictor.central_face(face)
    given = {
        "image": seen.face.aligned.image[None],
        "shading": seen.relit.shading[None],
        "landmarks": seen.face.reconstruction.landmarks_image[None],
        "reconstructed": np.array([True]),
    }
    (rows,) = session.run(None, given)
    assert rows[0].tolist() == pytest.approx(list(seen.probabilities.values()), abs=TOLERANCE)


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match=r"pip install 'fer3d\[export\]'"):
        onnx_model(untrained(CONFIGS["base"]))


def test_a_recognizer_that_comes_with_fer3d_has_a_card(tmp_path: Path) -> None:
    (tmp_path / CARD).write_text("# A card")
    assert read_card(tmp_path / WEIGHTS) == "# A card"
    assert read_card(tmp_path / "other.ckpt") == ""
