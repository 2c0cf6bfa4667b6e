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
from fer3d.training.answers import open_recognizer, predict
from fer3d.training.arrays import open_set
from fer3d.training.checkpoint import load_trained, save_trained
from fer3d.training.config import TrainConfig
from fer3d.training.data import ExpressionData, ExpressionDataset
from fer3d.training.fit import fit, save
from fer3d.training.teachers import Lesson, teacher_digests
from fer3d.training.trainer import Runtime

CPU = torch.device("cpu")
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


def lesson(
    folders: Folders, teachers: list[str], share: float = 0.6, **preprocessing: dict[str, object]
) -> Lesson:
    return Lesson(teacher_digests(teachers), share, folders, preprocessing)


def answers_of(folders: Folders, teacher: str, data: ExpressionData) -> np.ndarray:
    trained, arrays = open_recognizer(Path(teacher), folders, "cpu")
    return predict(trained.network, ExpressionDataset(arrays, data.train.rows, data.classes))


def targets(data: ExpressionData) -> np.ndarray:
    return data.train[list(range(len(data.train)))]["target"].numpy()


def test_targets_are_the_mean_of_label_and_answers(folders: Folders, teachers: list[str]) -> None:
    """Of the rows that were drawn."""
    data = ExpressionData(
        open_set(folders), batch_size=8, seed=0, max_images=40, lesson=lesson(folders, teachers)
    )
    data.place_on(CPU)
    answers = [answers_of(folders, teacher, data) for teacher in teachers]
    assert np.abs(answers[0] - answers[1]).max() > 0.01
    labels = np.eye(3, dtype=np.float32)[data.train.labels]
    assert len(labels) == 40
    np.testing.assert_allclose(targets(data), 0.4 * labels + 0.3 * sum(answers), atol=1e-6)
    assert "target" not in data.validation[[0, 1]]
    data.place_on(CPU, mapped=True)
    data.train.unload()
    np.testing.assert_allclose(targets(data), 0.4 * labels + 0.3 * sum(answers), atol=1e-6)


def test_votes_have_the_rest_of_the_target(
    folders: Folders, data: ExpressionData, teachers: list[str]
) -> None:
    votes = np.random.default_rng(0).dirichlet(np.ones(3), len(data.train)).astype(np.float32)
    data.train.add_answers(votes, 1.0)  # what ``soft_labels`` would be
    lesson(folders, teachers[:1], 0.25)(data.train, data.classes, CPU)
    expected = 0.75 * votes + 0.25 * answers_of(folders, teachers[0], data)
    np.testing.assert_allclose(targets(data), expected, atol=1e-6)


def test_a_student_learns_what_the_teacher_answers(
    make_set, tmp_path: Path, teachers: list[str]
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


def test_teachers_change_nothing_but_the_targets(folders: Folders, teachers: list[str]) -> None:
    """With a share of 0 the training is the same, initial weights included."""
    train = replace(TRAIN, epochs=2, cut_mix=0.3)
    alone = fit(folders, LANDMARKS, train)
    taught = fit(folders, LANDMARKS, replace(train, teachers=teachers, teacher_share=0.0))
    assert taught.curves == alone.curves


def test_recognizers_and_states_know_their_teachers_by_their_bytes(
    folders: Folders, tmp_path: Path, teachers: list[str]
) -> None:
    """Another teacher at the same path is another training."""
    teacher = tmp_path / "teacher.safetensors"
    train = replace(TRAIN, epochs=1, teachers=[str(teacher)])
    found = []
    for source in (*teachers, teachers[1]):
        teacher.write_bytes(Path(source).read_bytes())
        found.append(fit(folders, LANDMARKS, train, runtime=Runtime(state=tmp_path / "states")))
    digests = [fitted.trained.training["teachers"] for fitted in found]
    assert digests == [fitted.metrics["teachers"] for fitted in found]
    assert digests[0] != digests[1] == digests[2] == teacher_digests([str(teacher)])
    assert found[0].state != found[1].state == found[2].state


def test_a_training_without_teachers_names_none(folders: Folders) -> None:
    fitted = fit(folders, LANDMARKS, replace(TRAIN, epochs=1))
    assert fitted.trained.training["teachers"] == [] and "teachers" not in fitted.metrics


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["none.safetensors"], "none.safetensors: there is no such file"),
        ([""], "'': there is no such file"),
        (["."], r"\.: there is no such file"),
        (["text"], "text: .* is not a fer3d recognizer"),
        (["one", "same"], "same: it is the same recognizer as another one"),
        (["joy"], "joy: it knows anger, fear, joy, the training images have anger, fear, surprise"),
        (["large"], "large: the recognizer was trained with image size of 50 px, but .* 32 px"),
        (["broken"], "broken: its probabilities are not finite"),
        (["one", "cropped"], "cropped: its align.crop is 2, that of the training images 1.5"),
    ],
)
def test_a_teacher_that_does_not_fit_is_named(
    folders: Folders,
    teachers: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    said: str,
) -> None:
    one = load_trained(Path(teachers[0]))
    monkeypatch.chdir(tmp_path)
    save_trained(one, Path("one"))
    save_trained(one, Path("same"))
    save_trained(replace(one, classes=("anger", "fear", "joy")), Path("joy"))
    save_trained(replace(one, image_size=50), Path("large"))
    save_trained(replace(one, preprocessing={"align": {"crop": 2, "older": 1}}), Path("cropped"))
    Path("text").write_text("no recognizer")
    one.network.temperature.fill_(float("nan"))
    save_trained(one, Path("broken"))
    train = replace(TRAIN, teachers=names)
    with pytest.raises(UserError, match=rf"^train\.teachers: {said}"):
        fit(folders, LANDMARKS, train, {"align": {"crop": 1.5, "newer": 2}})


def test_preprocessing_counts_where_a_teacher_sees_it(
    folders: Folders, teachers: list[str], tmp_path: Path, data: ExpressionData
) -> None:
    """Landmarks do not depend on the light, and features are only kept or not."""
    other = {"relight": {"size": 3}, "reconstruct": {"features": True, "passes": 5}}
    save_trained(replace(load_trained(Path(teachers[0])), preprocessing=other), tmp_path / "other")
    own = {"relight": {"size": 4}, "reconstruct": {"features": False, "passes": 5}}
    lesson(folders, [str(tmp_path / "other")], **own)(data.train, data.classes, CPU)
    own["reconstruct"]["passes"] = 3
    with pytest.raises(UserError, match=r"its reconstruct\.passes is 5, that of"):
        lesson(folders, [str(tmp_path / "other")], **own)(data.train, data.classes, CPU)
