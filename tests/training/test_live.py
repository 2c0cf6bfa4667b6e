"""Epochs of a running training, where DVC and editors find them."""

import json
from pathlib import Path

import pytest
import pytorch_lightning as pl
import yaml

from fer3d.training.course import CURVES, Course
from fer3d.training.live import live_epochs

LOSSES = ["step", "loss", "1", "0.5", "2", "0.25"]  # cells of the table of `EPOCHS`
EPOCHS = [{name: 0.5 / epoch for name in CURVES} for epoch in (1, 2)]


def trained(folder: Path, course: Course, epochs: list) -> dict[str, str]:
    """What the folder contains after some epochs, by path."""
    trainer = pl.Trainer(logger=False, enable_checkpointing=False, accelerator="cpu")
    with live_epochs(folder, course) as (callback,):
        callback.on_train_start(trainer, pl.LightningModule())
        for values in epochs:
            course.epochs.append(values)
            callback.on_train_epoch_end(trainer, pl.LightningModule())
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_epochs_are_metrics_and_plots_of_dvc_until_the_training_ends(tmp_path: Path) -> None:
    folder = tmp_path / "dvclive"
    found = trained(folder, Course(patience=5), EPOCHS)
    metrics = json.loads(found["metrics.json"])
    assert metrics["step"] == 2 and metrics["validation"]["macro_f1"] == 0.25
    assert found["plots/metrics/train/loss.tsv"].split() == LOSSES
    assert yaml.safe_load(found["dvc.yaml"]) == {
        "metrics": ["metrics.json"],
        "plots": [{"plots/metrics": {"x": "step"}}],
    }
    assert not folder.exists()


def test_a_resumed_training_shows_its_first_epochs_and_nothing_of_another(tmp_path: Path) -> None:
    folder, course = tmp_path / "dvclive", Course(patience=5)
    folder.mkdir()
    (folder / "old.tsv").touch()  # left by a kill
    course.epochs = EPOCHS[:1]
    found = trained(folder, course, EPOCHS[1:])
    assert found["plots/metrics/train/loss.tsv"].split() == LOSSES
    assert "old.tsv" not in found


def test_nothing_is_left_by_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), live_epochs(tmp_path / "dvclive", Course(1)):
        (tmp_path / "dvclive").mkdir()
        raise KeyboardInterrupt
    assert not (tmp_path / "dvclive").exists()


def test_it_is_switched_off_without_a_folder() -> None:
    with live_epochs(None, Course(1)) as callbacks:
        assert callbacks == []
