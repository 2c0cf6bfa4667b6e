"""Soft labels from votes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fer3d.errors import UserError
from fer3d.files.folders import Folders
from fer3d.files.manifest import write
from fer3d.files.packed import read_manifest
from fer3d.networks.config import NetworkConfig
from fer3d.training.arrays import open_set
from fer3d.training.config import TrainConfig
from fer3d.training.data import ExpressionData
from fer3d.training.fit import fit
from fer3d.training.targets import vote_targets

CLASSES = ("anger", "fear", "joy")


def test_votes_become_shares_of_the_known_classes() -> None:
    votes = [
        [("anger", 6.0), ("fear", 2.0)],
        [("joy", 1.0), ("contempt", 9.0)],  # not a class
        None,
        [("contempt", 9.0)],
    ]
    targets = vote_targets(pd.DataFrame({"votes": votes}), np.array([0, 2, 1, 2]), CLASSES)
    expected = [[0.75, 0.25, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]
    np.testing.assert_array_equal(targets, np.float32(expected))


@pytest.mark.parametrize("frame", [pd.DataFrame(index=[0]), pd.DataFrame({"votes": [None]})])
def test_soft_labels_need_votes(frame: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"train.soft_labels is true, .* has no votes"):
        vote_targets(frame, np.array([0]), CLASSES)


@pytest.fixture
def voted(make_set, tmp_path: Path) -> Folders:
    """A set of three classes; two of ten annotators see the first class in every image."""
    folders = make_set(tmp_path)
    for folder in (folders.images, folders.faces, folders.shadings):
        frame = read_manifest(folder)
        first = frame["label"].min()
        frame["votes"] = [
            [(first, 10.0)] if name == first else [(first, 2.0), (name, 8.0)]
            for name in frame["label"]
        ]
        write(frame, folder / "manifest.parquet")
    return folders


def test_training_batches_have_the_votes_and_validation_has_labels(voted: Folders) -> None:
    data = ExpressionData(open_set(voted), batch_size=8, seed=0, soft_labels=True)
    for resident in (False, True):
        if resident:
            data.train.load_onto(torch.device("cpu"))
        batch = data.train[list(range(len(data.train)))]
        assert batch["target"].argmax(dim=1).equal(batch["label"])
        assert set(batch["target"].unique().tolist()) == set(np.float32([0, 0.2, 0.8, 1]).tolist())
    assert "target" not in data.validation[[0, 1]]
    assert "target" not in ExpressionData(open_set(voted), batch_size=8, seed=0).train[[0]]


def test_a_network_learns_the_probabilities_that_the_annotators_give(voted: Folders) -> None:
    """With hard labels it would become certain."""
    config = NetworkConfig(preset="recommended", base=False, shading=False, width=4, dropout=0.0)
    train = TrainConfig(epochs=12, batch_size=12, learning_rate=0.02, input_noise_variance=0.0)
    losses = []
    for soft in (False, True):
        fitted = fit(voted, config, TrainConfig(**vars(train) | {"soft_labels": soft}))
        losses.append(float(fitted.curves.splitlines()[-1].split(",")[1]))
    entropy = -(0.8 * np.log(0.8) + 0.2 * np.log(0.2)) * 2 / 3  # the least loss with votes
    assert losses[0] < 0.5 * entropy < 0.9 * entropy < losses[1]
