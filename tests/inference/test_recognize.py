"""One image to one expression, by the command and by the library, with an untrained recognizer."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from fer3d import params
from fer3d.cli import typer_app
from fer3d.errors import UserError
from fer3d.files.images import write_png
from fer3d.inference import answers
from fer3d.inference.answers import image_files
from fer3d.inference.recognize import Predictor
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
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
    assert (
        got.face.aligned.aligned and got.face.reconstruction.reason == "" and got.relit.mask.any()
    )


def test_the_same_photo_gets_the_same_answer(predictor, astronaut):
    first, second = predictor(astronaut), predictor(astronaut)
    assert pickle.dumps(first.probabilities) == pickle.dumps(second.probabilities)


def test_an_image_without_a_face_says_so(predictor):
    got = predictor(np.full((80, 120, 3), 128, np.uint8))
    assert not got.face.aligned.aligned and got.face.reconstruction.reason == "no_face"
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


@pytest.fixture(scope="module")
def written(predictor, astronaut, tmp_path_factory) -> tuple:
    """A folder of images and a file beside it, with what the command printed and wrote."""
    folder = tmp_path_factory.mktemp("pictures")
    inner = folder / "faces" / "2024 [a]"
    for path in (inner / "b.png", inner / "a.PNG", folder / "faces/z.png", inner / ".c.png"):
        write_png(path, astronaut[:256, 64:320])
    (inner / "d.jpg").write_bytes(b"no image")
    (inner / "notes.txt").write_text("no image, and not named as one")
    write_png(folder / "empty.gif", np.full((80, 120, 3), 128, np.uint8))
    result = CliRunner().invoke(
        typer_app,
        [
            *("predict", str(folder / "faces"), str(folder / "empty.gif")),
            *("--json", str(folder / "out/all.json"), "--csv", str(folder / "out/all.csv")),
            *("--checkpoint", str(predictor.checkpoint), "--assets", str(predictor.assets)),
        ],
        env={"COLUMNS": "300"},
    )
    images = json.loads((folder / "out/all.json").read_text())["images"]
    return result, folder, images, pd.read_csv(folder / "out/all.csv")


def test_a_folder_is_searched_at_any_depth_and_comes_sorted(written):
    result, folder, images, table = written
    names = [f"faces/2024 [a]/{name}" for name in ("a.PNG", "b.png", "d.jpg")]
    paths = [str(folder / name) for name in (*names, "faces/z.png", "empty.gif")]
    assert [image["image"] for image in images] == table["image"].tolist() == paths
    assert result.exit_code == 1 and all(path in result.output for path in paths)


def test_all_probabilities_are_written_and_why_an_image_is_none(written, predictor, astronaut):
    _, _, images, table = written
    probabilities = predictor(astronaut[:256, 64:320]).probabilities
    assert images[0]["probabilities"] == pytest.approx(probabilities, abs=1e-6)
    assert images[0]["expression"] == max(probabilities, key=probabilities.get)
    assert images[0]["face_detected"] and set(images[0]["rotation_deg"]) == {"pitch", "yaw", "roll"}
    assert images[2].keys() == {"image", "error"} and "not_an_image" in images[2]["error"]
    assert images[4]["no_face3d"] == "no_face" and images[4]["rotation_deg"] is None
    columns = table[[f"p_{name}" for name in CLASSES]]
    assert columns.loc[0].tolist() == list(images[0]["probabilities"].values())
    assert columns.loc[2].isna().all() and table["error"].notna().tolist() == [0, 0, 1, 0, 0]
    assert table["yaw"][0] == images[0]["rotation_deg"]["yaw"] and np.isnan(table["yaw"][4])


def test_a_folder_without_images_is_an_error(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(UserError, match=r"holds no image files \(.bmp, "):
        image_files([tmp_path])


def test_many_images_have_a_progress_bar(monkeypatch, predictor, capsys):
    monkeypatch.setattr(answers, "answer_file", lambda path, _: path)
    assert answers.answer_files(range(19), predictor) == list(range(19))
    assert capsys.readouterr().err == ""
    answers.answer_files(range(20), predictor)
    assert "predict: 20 of 20" in capsys.readouterr().err


def test_a_missing_checkpoint_says_what_to_run(predictor, astronaut, tmp_path: Path):
    missing = Predictor(tmp_path / "none.ckpt", predictor.assets)
    with pytest.raises(UserError, match="dvc repro train"):
        missing(astronaut)


def test_show_needs_an_evaluation(tmp_path: Path):
    result = CliRunner().invoke(typer_app, ["show", str(tmp_path / "none.json")])
    assert isinstance(result.exception, UserError) and "dvc repro" in str(result.exception)
