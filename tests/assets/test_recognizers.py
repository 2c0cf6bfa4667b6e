"""Recognizers by name."""

import re
from pathlib import Path

import pytest

from fer3d import checkout
from fer3d.assets.recognizers import (
    OWN,
    WEIGHTS,
    described,
    find_recognizer,
    recognizer_names,
)
from fer3d.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recognizers, and what is none."""
    for name in ("photos", "drawings"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / WEIGHTS).touch()
    (tmp_path / "models" / "prnet.npz").touch()
    (tmp_path / "models" / "empty").mkdir()
    return tmp_path / "models"


def test_a_name_is_that_of_its_folder(folder: Path) -> None:
    assert recognizer_names(folder) == ["drawings", "photos"]
    assert find_recognizer("photos", folder) == folder / "photos" / WEIGHTS


def test_a_path_is_taken_as_it_is(folder: Path) -> None:
    file = folder / "drawings" / WEIGHTS
    assert find_recognizer(file, folder) == find_recognizer(str(file), folder) == file


def test_a_path_object_is_no_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    with pytest.raises(UserError, match="no recognizer 'photos'"):
        find_recognizer(Path("photos"), folder)


def test_an_unknown_name_says_which_there_are(folder: Path) -> None:
    with pytest.raises(UserError, match="no recognizer 'photo': expected 'drawings', 'photos', "):
        find_recognizer("photo", folder)


def test_the_own_one_is_what_train_wrote_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="dvc repro train"):
        find_recognizer(OWN)
    checkout.CHECKPOINT.parent.mkdir(parents=True)
    checkout.CHECKPOINT.touch()
    assert find_recognizer(OWN) == checkout.CHECKPOINT


def test_without_a_name_it_is_the_default_one_then_the_own_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    with pytest.raises(UserError, match="dvc repro train"):
        find_recognizer(folder=folder / "empty")
    checkout.CHECKPOINT.parent.mkdir(parents=True)
    checkout.CHECKPOINT.touch()
    assert find_recognizer(folder=folder / "empty") == checkout.CHECKPOINT
    assert find_recognizer(folder=folder) == checkout.CHECKPOINT
    (folder / "drawings").rename(folder / checkout.DEFAULT)
    assert find_recognizer(folder=folder) == folder / checkout.DEFAULT / WEIGHTS


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("data/synthetic/images", "trained on the faces of data/synthetic/images, which are rend"),
        ("/data/fer2013", r"trained on the faces of /data/fer2013$"),
    ],
)
def test_an_answer_of_a_network_that_saw_renderings_says_so(
    source: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "params.yaml").write_text(f"ingest: {{source: {source}}}")
    assert re.search(f"own, {said}", described(checkout.CHECKPOINT, tmp_path / "params.yaml"))


def test_other_recognizers_are_named() -> None:
    shipped = checkout.shipped(checkout.MODELS) / "fer2013" / WEIGHTS
    assert described(shipped) == "recognizer: fer2013"
    assert described(Path("a/b")) == "recognizer: a/b"
