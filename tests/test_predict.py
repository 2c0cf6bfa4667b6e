"""One image to one expression, by the command and by the library, with an untrained recognizer."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from fer3d import params
from fer3d.cli import typer_app
from fer3d.errors import UserError
from fer3d.images import write_png
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.predict import Predictor
from fer3d.training.checkpoint import Recognizer, save_recognizer

CLASSES = ("anger", "happiness", "neutral")


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    data = pytest.importorskip("skimage.data")
    return data.astronaut()


@pytest.fixture(scope="module")
def predictor(tmp_path_factory, repository: Path, assets_dir: Path) -> Predictor:
    path = tmp_path_factory.mktemp("train") / "model.ckpt"
    torch.manual_seed(0)
    network = FusionNetwork(NetworkConfig(), len(CLASSES)).eval()
    values = params.load(repository / "params.yaml").model_dump(mode="json")
    made_by = {name: values[name] for name in ("align", "reconstruct", "relight")}
    save_recognizer(Recognizer(network, CLASSES, 100, 100, {}, made_by), path)
    return Predictor(path, assets_dir)


def test_a_photo_gets_an_expression_and_a_face(predictor, astronaut):
    got = predictor(astronaut)
    assert got.expression in CLASSES
    assert sum(got.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert got.aligned.aligned and got.face.reason == "" and got.relit.mask.any()


def test_the_same_photo_gets_the_same_answer(predictor, astronaut):
    first, second = predictor(astronaut), predictor(astronaut)
    assert pickle.dumps(first.probabilities) == pickle.dumps(second.probabilities)


def test_an_image_without_a_face_says_so(predictor):
    got = predictor(np.full((80, 120, 3), 128, np.uint8))
    assert not got.aligned.aligned and got.face.reason == "no_face"
    assert not got.relit.shading.any()


def test_the_command_names_what_it_could_not_read(predictor, astronaut, tmp_path: Path):
    write_png(tmp_path / "face.png", astronaut)
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    result = CliRunner().invoke(
        typer_app,
        [
            *("predict", str(tmp_path / "face.png"), str(tmp_path / "broken.jpg")),
            *("--checkpoint", str(predictor.checkpoint), "--assets", str(predictor.assets)),
        ],
        env={"COLUMNS": "300"},
    )
    assert result.exit_code == 1, result.output
    assert any(name in result.output for name in CLASSES)
    assert "not_an_image" in result.output


def test_a_missing_checkpoint_says_what_to_run(predictor, astronaut, tmp_path: Path):
    missing = Predictor(tmp_path / "none.ckpt", predictor.assets)
    with pytest.raises(UserError, match="dvc repro train"):
        missing(astronaut)


def test_show_needs_an_evaluation(tmp_path: Path):
    result = CliRunner().invoke(typer_app, ["show", str(tmp_path / "none.json")])
    assert isinstance(result.exception, UserError) and "dvc repro" in str(result.exception)
