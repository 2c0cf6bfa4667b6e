"""Two classifiers on the same images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from fer3d.cli import typer_app
from fer3d.errors import UserError
from fer3d.evaluation.predictions import write_predictions
from fer3d.experiments.groups import ALL, NO_FACE, TURNED_NAME, turned
from fer3d.experiments.pair import differences, pair_on, pair_tables, read_predictions, short_titles
from fer3d.experiments.results import Bootstrap
from fer3d.files.folders import Folders
from fer3d.files.packed import read_manifest
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.arrays import open_set
from fer3d.training.checkpoint import TrainedNetwork, load_trained, save_trained
from fer3d.training.data import ExpressionDataset, network_inputs

CLASSES, SIZE = ("anger", "fear", "surprise"), 32
BOOTSTRAP = Bootstrap(200)


@pytest.fixture(scope="module")
def folders(data_set: Path) -> Folders:
    return Folders(*(data_set / name for name in ("balance", "reconstruct", "relight")))


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory) -> Path:
    """An untrained network with a classifier for each branch."""
    torch.manual_seed(0)
    config = NetworkConfig(preset="photos", width=4, landmark=False)
    network = FusionNetwork(config, len(CLASSES), image_size=SIZE, shading_size=SIZE).eval()
    path = tmp_path_factory.mktemp("late") / "late.safetensors"
    save_trained(TrainedNetwork(network, CLASSES, SIZE, SIZE, {}), path)
    return path


@pytest.fixture
def predicted(folders: Folders, tmp_path: Path) -> Callable[[np.ndarray], str]:
    """Writes a file of predictions that are right where an array of the test images says so."""
    frame = read_manifest(folders.images)
    test = frame[frame["split"] == "test"][["id", "split", "label"]]

    def write(right: np.ndarray) -> str:
        wrong = np.where(test["label"] == "fear", "anger", "fear")
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
        write_predictions(test.assign(predicted=np.where(right, test["label"], wrong)), path)
        return str(path)

    return write


def test_a_gain_on_turned_heads_is_one_there_and_none_elsewhere(folders, predicted) -> None:
    faces = read_manifest(folders.faces)
    away = turned(faces[faces["split"] == "test"])
    pair = pair_on("test", (predicted(~away), predicted(np.ones(len(away)))), folders)
    names = [group.name for group in pair.groups]
    found = dict(zip(names, differences(pair, BOOTSTRAP), strict=True))
    assert (found[TURNED_NAME].first, found[TURNED_NAME].second) == (0, 1)
    assert vars(found[TURNED_NAME].interval) == {"low": 1, "high": 1}
    assert vars(found[NO_FACE].interval) == {"low": 0, "high": 0}
    assert found[ALL].value == pytest.approx(away.mean())
    assert 0 < found[ALL].interval.low < away.mean() < found[ALL].interval.high < 1


def test_the_gain_of_turned_heads_is_compared_with_that_of_frontal_ones(folders, predicted) -> None:
    """Of two trainings of the first, one is wrong on turned heads, one on all; the second never."""
    faces = read_manifest(folders.faces)
    away = turned(faces[faces["split"] == "test"])
    right = Path(predicted(np.ones(len(away))))
    whole = right.rename(right.with_suffix(".whole"))
    base = [predicted(hits) for hits in (~away, np.zeros(len(away)))]
    pair = pair_on("test", (str(Path(base[0]).parent / "*.parquet"), str(whole)), folders)
    assert (pair.first.shape, pair.second.shape) == ((2, len(away)), (1, len(away)))
    _, contrasts = pair_tables(pair, BOOTSTRAP)  # no McNemar's test with several trainings
    shown = {row[1]: row for row in contrasts.rows}[TURNED_NAME]
    assert [str(entry) for entry in shown[2:5]] == ["+100.00", "0 to 10°", "+50.00"]
    assert shown[5].mean == pytest.approx(0.5)
    assert vars(shown[5].interval) == pytest.approx({"low": 0, "high": 1})


def test_titles_are_what_differs_between_two_paths() -> None:
    assert short_titles("a/b/0-base/p.parquet", "a/c/0-whole/p.parquet") == (
        "b/0-base",
        "c/0-whole",
    )
    assert short_titles("a/*-base/p", "a/*-whole/p") == ("*-base", "*-whole")
    assert short_titles("p.parquet", "a/p.parquet") == ("p.parquet", "a/p.parquet")
    assert short_titles("own:base", "own:whole") == ("own:base", "own:whole")
    assert short_titles("a/p", "a/p") == ("a", "a")


def test_a_classifier_of_a_network_is_named_after_its_branch(folders, recognizer: Path) -> None:
    arrays = open_set(folders)
    trained = load_trained(recognizer)
    images = ExpressionDataset(arrays, arrays.rows("test"), CLASSES)
    (inputs,) = network_inputs(images, 100, "cpu")
    with torch.no_grad():
        heads = trained.network.heads(**inputs)
    for name, logits in zip(("whole", "base", "shading"), heads, strict=True):
        table = read_predictions(f"{recognizer}:{name}", "test", folders)
        assert table["predicted"].tolist() == [CLASSES[code] for code in logits.argmax(dim=1)]


def test_a_classifier_that_is_not_there_is_named_with_those_that_are(folders, recognizer) -> None:
    with pytest.raises(UserError, match="no classifier 'landmark': this network has whole, base"):
        read_predictions(f"{recognizer}:landmark", "test", folders)
    with pytest.raises(UserError, match=r"missing\.parquet is not a file of predictions"):
        read_predictions("missing.parquet", "test", folders)


def test_predictions_of_other_images_are_refused(folders, predicted, tmp_path: Path) -> None:
    whole = predicted(np.ones(24))
    part = tmp_path / "part.parquet"
    write_predictions(pd.read_parquet(whole)[1:], part)
    with pytest.raises(UserError, match="do not have the same test images"):
        pair_on("test", (whole, str(part)), folders)


def test_without_a_face_both_give_the_photos_answer(folders, recognizer: Path) -> None:
    """Late fusion; so the command shows no difference there."""
    options = ["--data", str(folders.images.parent), "--split", "validation"]
    command = ["experiments", "difference", f"{recognizer}:base", f"{recognizer}:whole", *options]
    result = CliRunner().invoke(typer_app, command)
    assert result.exit_code == 0, result.output
    (line,) = (line for line in result.stdout.splitlines() if NO_FACE in line)
    assert line.endswith("| 0.00 (0.00 to 0.00) |")
    assert "McNemar's test" in result.stdout
