"""Distillation: answers of trained recognizers in the targets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fer3d.errors import UserError
from fer3d.files.folders import Folders
from fer3d.files.manifest import write
from fer3d.files.packed import read_manifest
from fer3d.networks.config import NetworkConfig
from fer3d.training.answers import predict
from fer3d.training.arrays import open_set
from fer3d.training.checkpoint import load_trained
from fer3d.training.config import TrainConfig
from fer3d.training.data import ExpressionData, ExpressionDataset
from fer3d.training.fit import fit, save
from fer3d.training.teachers import teach

LANDMARKS = NetworkConfig(preset="recommended", base=False, shading=False, width=4, dropout=0.0)
VERTICES = replace(LANDMARKS, landmark=False, vertices=True)
TRAIN = TrainConfig(epochs=6, batch_size=12, learning_rate=0.02, input_noise_variance=0.0)


@pytest.fixture(scope="module")
def teachers(folders: Folders, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A recognizer that knows the landmarks, and one with another branch that knows little."""
    out = tmp_path_factory.mktemp("teachers")
    for name, network, epochs in (("landmarks", LANDMARKS, 6), ("vertices", VERTICES, 1)):
        train = replace(TRAIN, epochs=epochs, learning_rate=0.02 if epochs > 1 else 0.0002)
        save(fit(folders, network, train), out / name, out / "curves.csv")
    return [str(out / "landmarks"), str(out / "vertices")]


@pytest.fixture
def data(folders: Folders) -> ExpressionData:
    return ExpressionData(open_set(folders), batch_size=8, seed=0)


def test_targets_are_the_mean_of_label_and_answers(
    folders: Folders, data: ExpressionData, teachers: list[str]
) -> None:
    teach(data.train, folders, data.classes, teachers, 0.6)
    answers = []
    for teacher in teachers:
        network = load_trained(Path(teacher)).network
        arrays = open_set(folders, network.config.branches)
        rows = ExpressionDataset(arrays, data.train.rows, data.classes)
        answers.append(predict(network, rows, "cpu"))
    assert np.abs(answers[0] - answers[1]).max() > 0.01
    labels = np.eye(3, dtype=np.float32)[data.train.labels]
    for resident in (False, True):
        if resident:
            data.train.load_onto(torch.device("cpu"))
        target = data.train[list(range(len(data.train)))]["target"]
        np.testing.assert_allclose(target, 0.4 * labels + 0.3 * sum(answers), atol=1e-6)
    assert "target" not in data.validation[[0, 1]]


def test_a_student_without_labels_learns_what_the_teacher_answers(
    folders: Folders, make_set, tmp_path: Path, teachers: list[str]
) -> None:
    """The training photos have wrong labels, the teacher was trained with the right ones."""
    wrong = make_set(tmp_path)
    for folder in (wrong.images, wrong.faces, wrong.shadings):
        frame = read_manifest(folder)
        training = frame["split"] == "train"
        first, second, third = sorted(set(frame["label"]))
        turned = frame["label"].map({first: second, second: third, third: first})
        frame["label"] = frame["label"].where(~training, turned)
        write(frame, folder / "manifest.parquet")
    losses = {}
    for share in (0.0, 1.0):
        train = replace(TRAIN, teachers=teachers[:1], teacher_share=share, class_weights="none")
        losses[share] = fit(wrong, LANDMARKS, train).metrics["validation"]["loss"]
    assert losses[1.0] < 0.3 < 1.0 < losses[0.0]


def test_recognizers_name_their_teachers_by_their_bytes(
    folders: Folders, tmp_path: Path, teachers: list[str]
) -> None:
    """Another teacher at the same path is another training."""
    teacher = tmp_path / "teacher.safetensors"
    found = []
    for source in teachers:
        teacher.write_bytes(Path(source).read_bytes())
        train = replace(TRAIN, epochs=1, teachers=[str(teacher)])
        found.append(fit(folders, LANDMARKS, train).trained.training["teachers"])
    assert [list(digests) for digests in found] == [[str(teacher)]] * 2
    assert found[0] != found[1]


def test_a_missing_teacher_is_reported(folders: Folders) -> None:
    train = replace(TRAIN, teachers=["models/none.safetensors"])
    with pytest.raises(UserError, match=r"train\.teachers: there is no recognizer models/none"):
        fit(folders, LANDMARKS, train)


def test_a_teacher_of_other_classes_is_reported(
    folders: Folders, data: ExpressionData, teachers: list[str]
) -> None:
    classes = (*data.classes[:2], "joy")
    with pytest.raises(UserError, match=r"train\.teachers: .* knows anger, fear, surprise, but"):
        teach(data.train, folders, classes, teachers[:1], 0.5)
