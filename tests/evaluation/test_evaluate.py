"""Prediction of validation and test images."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fer3d.errors import UserError
from fer3d.evaluation.evaluate import evaluate
from fer3d.evaluation.predictions import classes_of, confusion_of, write_predictions
from fer3d.files.folders import Folders
from fer3d.files.manifest import write
from fer3d.files.packed import PackedWriter, read_manifest
from fer3d.files.specs import Spec
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.arrays import open_set
from fer3d.training.checkpoint import TrainedNetwork, load_trained, save_trained

CLASSES = ("anger", "fear")
SPLITS = ("test", "train", "validation", "test")
SIZE = 32  # px


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    rng = np.random.default_rng(0)
    ids = [f"{i:02d}" for i in range(40)]
    frame = pd.DataFrame({"id": ids, "path": ids, "split": SPLITS * 10, "sha1": "0" * 40})
    frame = frame.assign(label=["anger", "fear"] * 20, width=SIZE, height=SIZE, reconstructed=True)
    arrays = {
        "images": rng.integers(0, 256, (40, SIZE, SIZE, 3), np.uint8),
        "landmarks_image": rng.uniform(0, SIZE, (40, 68, 2)).astype(np.float32),
        "shading": rng.integers(0, 256, (40, SIZE, SIZE), np.uint8),
    }
    mesh = {"vertices_face": rng.normal(size=(40, 136, 3)).astype(np.float32)}
    for name, values in arrays.items():
        parts = {name: values} | (mesh if name == "landmarks_image" else {})
        specs = {part: Spec(array.shape[1:], array.dtype.name) for part, array in parts.items()}
        with PackedWriter(tmp_path / name, 40, specs) as packed:
            packed.write(0, parts)
            packed.finish(frame)
    return Folders(*(tmp_path / name for name in arrays))


def _checkpoint(folder: Path, *, classes: tuple[str, ...] = CLASSES, size: int = SIZE) -> Path:
    torch.manual_seed(0)
    network = FusionNetwork(NetworkConfig(), len(classes), image_size=size, shading_size=SIZE)
    save_trained(
        TrainedNetwork(network.eval(), classes, size, SIZE, {}), folder / "model.safetensors"
    )
    return folder / "model.safetensors"


def test_validation_and_test_rows_are_predicted_each_once(folders: Folders, tmp_path: Path) -> None:
    predictions, metrics = evaluate(_checkpoint(tmp_path), folders)
    assert predictions["id"].tolist() == [f"{i:02d}" for i in range(40) if i % 4 != 1]
    assert set(predictions["split"]) == {"validation", "test"}
    probabilities = predictions[["p_anger", "p_fear"]].to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    expected = np.array(CLASSES)[probabilities.argmax(axis=1)]
    assert predictions["predicted"].tolist() == expected.tolist()
    assert list(metrics) == ["validation", "test"]
    test = predictions[predictions["split"] == "test"]
    assert metrics["test"]["accuracy"] == (test["label"] == test["predicted"]).mean()
    assert confusion_of(test, classes_of(predictions)).sum() == 20
    means = ("accuracy", "class_accuracy", "macro_f1")
    faces = {name: metrics["test"][name] for name in means}  # all rows are reconstructed here
    assert metrics["test"]["reconstructed"] == {"images": 20} | faces


def test_votes_of_the_annotators_are_judged_where_there_are_some(
    folders: Folders, tmp_path: Path
) -> None:
    checkpoint = _checkpoint(tmp_path)
    _, plain = evaluate(checkpoint, folders)
    for folder in (folders.images, folders.faces, folders.shadings):
        frame = read_manifest(folder)
        frame["votes"] = [[(label, 10.0)] if i % 4 else None for i, label in enumerate(frame.label)]
        write(frame, folder / "manifest.parquet")
    _, metrics = evaluate(checkpoint, folders)
    assert "votes" not in plain["test"]
    votes = metrics["test"].pop("votes")
    assert votes["images"] == 10  # of 20; the others were not judged by anybody
    assert 0 <= votes["agreement"] <= 1
    assert metrics["validation"].pop("votes")["agreement"] == metrics["validation"]["accuracy"]
    assert metrics == plain


def test_two_runs_give_equal_bytes(folders: Folders, tmp_path: Path) -> None:
    checkpoint = _checkpoint(tmp_path)
    for name in ("one", "two"):
        write_predictions(evaluate(checkpoint, folders)[0], tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_network_that_diverged_is_a_users_error(folders: Folders, tmp_path: Path) -> None:
    """The largest of NaN is the first class: that is no prediction."""
    trained = load_trained(_checkpoint(tmp_path))
    for values in trained.network.parameters():
        values.data.fill_(float("nan"))
    save_trained(trained, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"diverged: lower train\.learning_rate"):
        evaluate(tmp_path / "model.safetensors", folders)


def test_arrays_of_another_size_are_a_users_error(folders: Folders, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="image size of 48 px, but the arrays have 32 px"):
        evaluate(_checkpoint(tmp_path, size=48), folders)


def test_faces_of_another_mesh_are_a_users_error(folders: Folders, tmp_path: Path) -> None:
    count = open_set(folders, ["vertices"]).vertex_count
    config = NetworkConfig(vertices=True)
    network = FusionNetwork(config, 2, image_size=SIZE, shading_size=SIZE, vertices=count + 5)
    trained = TrainedNetwork(network, CLASSES, SIZE, SIZE, {}, vertices=count + 5)
    save_trained(trained, tmp_path / "model.safetensors")
    expected = f"faces of {count + 5} vertices, but the arrays have {count} vertices"
    with pytest.raises(UserError, match=expected):
        evaluate(tmp_path / "model.safetensors", folders)


def test_a_set_without_the_networks_features_is_a_users_error(
    folders: Folders, tmp_path: Path
) -> None:
    network = FusionNetwork(NetworkConfig(features=True), 2, image_size=SIZE, features=9)
    trained = TrainedNetwork(network, CLASSES, SIZE, 100, {}, features=9)
    save_trained(trained, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"set reconstruct\.features to true"):
        evaluate(tmp_path / "model.safetensors", folders)


def test_a_class_that_was_not_trained_is_a_users_error(folders: Folders, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'fear' has no training image"):
        evaluate(_checkpoint(tmp_path, classes=("anger", "joy")), folders)
