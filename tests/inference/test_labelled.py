"""`fer3d evaluate`: an untrained recognizer on labelled photos."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pngs import write_png
from typer.testing import CliRunner

from fer3d.cli import typer_app
from fer3d.datasets.layout import read_layout
from fer3d.datasets.layouts.ck_plus import CkPlusParams
from fer3d.errors import UserError
from fer3d.inference.labelled import LabelledPhotos, labelled_photos, labelled_scores

CLASSES = ("anger", "joy")


def labelled(source: Path, names, classes, split=None, kept=None, options=None) -> LabelledPhotos:
    found = read_layout(source, kept=kept, options=options)
    return labelled_photos(found, source, names, classes, split)


def table(rows: list[tuple[str, str, bool, str]]) -> pd.DataFrame:
    """Of (label, predicted, face, problem), answered with certainty."""
    frame = pd.DataFrame(rows, columns=["label", "predicted", "face", "problem"])
    for name in CLASSES:
        frame[f"p_{name}"] = (frame["predicted"] == name).astype(np.float32)
    return frame


def test_a_face_that_is_not_found_is_a_wrong_answer_of_every_image() -> None:
    found = labelled_scores(
        table(
            [
                ("anger", "anger", True, ""),
                ("anger", "anger", False, ""),
                ("anger", "", False, "truncated"),
                ("joy", "joy", True, ""),
                ("joy", "anger", True, ""),
            ]
        ),
        CLASSES,
    )
    assert (found["images"], found["no_face"], found["unreadable"]) == (5, 1, 1)
    assert found["every_image"]["accuracy"] == pytest.approx(2 / 5)
    assert found["every_image"]["per_class"]["anger"]["recall"] == pytest.approx(1 / 3, abs=1e-6)
    assert found["every_image"]["per_class"]["anger"]["precision"] == pytest.approx(1 / 2)
    assert found["with_face"]["accuracy"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["as_answered"]["accuracy"] == pytest.approx(3 / 4)
    assert found["as_answered"]["calibration_error"] == pytest.approx(1 / 4)


def test_photos_without_any_face_have_no_scores_of_faces() -> None:
    found = labelled_scores(table([("joy", "joy", False, "")]), CLASSES)
    assert "with_face" not in found
    assert (found["every_image"]["accuracy"], found["as_answered"]["accuracy"]) == (0, 1)


def test_a_split_that_is_not_there_is_named(tmp_path: Path) -> None:
    for name in ("train/joy/a.png", "test/anger/b.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    with pytest.raises(UserError, match=r"no official split 'validation', it has test, train: lea"):
        labelled(tmp_path, {}, CLASSES, "validation")
    with pytest.raises(UserError, match=r"has no official split 'test': leave out --split"):
        labelled(tmp_path / "train", {}, CLASSES, "test")


def test_the_frames_of_a_sequence_are_those_of_the_parameters(tmp_path: Path) -> None:
    """As in `ingest`: three frames and the first one, unless ``ingest.ck_plus`` says otherwise."""
    folder = tmp_path / "cohn-kanade-images/S005/001"
    folder.mkdir(parents=True)
    for number in range(1, 12):
        (folder / f"S005_001_{number:08}.png").touch()
    label = tmp_path / "Emotion/S005/001/S005_001_00000011_emotion.txt"
    label.parent.mkdir(parents=True)
    label.write_text("   1.0000000e+00\n")
    for frames in (1, 4):
        options = {"ck+": CkPlusParams(last_frames=frames, neutral_first=False)}
        photos = labelled(tmp_path, {}, CLASSES, options=options)
        assert photos.labels == ["anger"] * frames


@pytest.fixture
def folder(tmp_path: Path, face: np.ndarray, grey: np.ndarray) -> Path:
    """Classes of the recognizer, an unknown one, and an invalid file."""
    for name in ("angry", "Happy", "bored"):
        write_png(tmp_path / "photos" / name / "a.png", face)
    write_png(tmp_path / "photos" / "angry" / "b.png", grey)
    (tmp_path / "photos" / "angry" / "c.png").write_bytes(b"no image")
    return tmp_path / "photos"


def test_classes_that_the_recognizer_does_not_know_are_counted(folder: Path) -> None:
    found = labelled(folder, {"happy": "joy"}, ("joy", "angry"))
    assert sorted(found.labels) == ["angry", "angry", "angry", "joy"]
    assert found.left_out == {"bored": 1}


def test_photos_of_an_archive_are_unpacked(tmp_path: Path) -> None:
    table = "emotion,pixels,Usage\n0,1 2 3 4,Training\n3,5 6 7 8,PrivateTest\n"
    (tmp_path / "fer2013.csv").write_text(table)
    found = labelled(tmp_path, {}, ("anger", "happiness"), "test", tmp_path / "kept")
    assert found.labels == ["happiness"] and found.paths[0].read_bytes().endswith(b"\5\6\7\10")


def test_a_folder_without_the_recognizers_classes_says_how_to_map_them(folder: Path) -> None:
    with pytest.raises(UserError, match=r"no image of grief.*--rename"):
        labelled(folder, {}, ("grief",))
    (folder / "bored").rename(folder.parent / "bored")
    (folder.parent / "sets").mkdir()
    folder.rename(folder.parent / "sets" / "test")
    with pytest.raises(UserError, match="no image of grief in the split test: map"):
        labelled(folder.parent / "sets", {}, ("grief",), "test")


def evaluate(predictor, *arguments: Path | str):
    options = ("--assets", predictor.toolbox.assets)
    command = ["evaluate", predictor.checkpoint, *arguments, *options]
    return CliRunner().invoke(typer_app, list(map(str, command)), env={"COLUMNS": "200"})


def test_the_command_prints_and_writes_the_scores(predictor, folder: Path, tmp_path: Path) -> None:
    files = ("--json", tmp_path / "all.json", "--csv", tmp_path / "all.csv")
    result = evaluate(predictor, folder, "--rename", "bored=neutral", *files)
    assert result.exit_code == 1 and "c.png" in result.stderr  # an unreadable file
    assert "1 images without a face, 1 unreadable" in result.stdout
    written = json.loads((tmp_path / "all.json").read_text())
    answers = pd.read_csv(tmp_path / "all.csv", keep_default_na=False)
    hits = (answers["label"] == answers["predicted"]) & answers["face"]
    assert written["every_image"]["accuracy"] == pytest.approx(hits.mean(), abs=1e-6)
    assert len(answers) == written["images"] == 5
    assert written["every_image"]["per_class"]["neutral"]["support"] == 1
    again = evaluate(predictor, folder, *files)  # overwrites what it wrote itself
    assert again.exit_code == 1 and "left out: 1 images, bored" in again.stdout


def test_answers_on_standard_output_are_alone_there(predictor, folder: Path, capfd) -> None:
    result = evaluate(predictor, folder, "--csv", "/dev/stdout")
    assert not result.stdout and "left out: 1 images, bored" in result.stderr
    assert len(capfd.readouterr().out.splitlines()) == 1 + 4


def test_a_renaming_without_a_class_is_refused(predictor, folder: Path) -> None:
    result = evaluate(predictor, folder, "--rename", "bored")
    assert result.exit_code == 2 and "expected LABEL=CLASS" in result.stderr


def test_a_split_of_another_name_is_refused(predictor, folder: Path) -> None:
    result = evaluate(predictor, folder, "--split", "val")
    assert result.exit_code == 2 and "'train', 'validation', 'test'" in result.stderr
