"""Rows of a step: labels of a second annotator, halves without common subjects."""

import numpy as np
import pandas as pd
import pytest
import torch

from fer3d.comparison.step_data import AnnotatedDataset, StepData, folds, groups
from fer3d.errors import UserError
from fer3d.training.arrays import InputArrays
from fer3d.training.data import ExpressionDataset

CLASSES = ("anger", "fear", "surprise")


def test_batches_have_both_labels(arrays: InputArrays) -> None:
    rows = arrays.rows("train")
    plain = ExpressionDataset(arrays, rows, CLASSES)
    machine = torch.arange(len(rows)) % 3
    annotated = AnnotatedDataset(arrays, rows, CLASSES, machine)
    expected = torch.stack([plain.labels[[4, 2]], machine[[4, 2]]], dim=1)
    assert torch.equal(annotated[[4, 2]]["label"], expected)
    annotated.load_onto(torch.device("cpu"))
    assert torch.equal(annotated[[4, 2]]["label"], expected)
    assert torch.equal(annotated.labels, plain.labels)


def test_a_step_keeps_the_classes_of_all(arrays: InputArrays) -> None:
    rows = arrays.rows("train")
    rows = rows[arrays.frame["label"].iloc[rows] != "fear"]
    dataset = ExpressionDataset(arrays, rows, CLASSES)
    data = StepData(arrays, dataset, CLASSES, batch_size=8, seed=0)
    data.setup("fit")
    seen = torch.cat([batch["label"] for batch in data.train_dataloader()])
    assert sorted(seen.unique().tolist()) == [0, 2]
    assert len(seen) == len(rows)
    assert len(data.validation) == len(arrays.rows("validation"))


def test_copies_and_photos_of_one_person_are_together() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "a#gaussian", "b", "c"],
            "source_id": ["a", "a", "b", "c"],
            "subject": [None, None, "p1", "p1"],
        }
    )
    first, copy, second, third = groups(frame)
    assert first == copy
    assert second == third != first


def test_near_copies_are_together_and_join_their_people() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d", "e"],
            "subject": ["p1", "p1", "p2", None, None],
            "near_group": [None, "b", "b", "d", None],
        }
    )
    assert groups(frame).tolist() == [0, 0, 0, 3, 4]


def test_without_subjects_each_photo_is_its_own() -> None:
    assert len(set(groups(pd.DataFrame({"id": ["a", "b"], "subject": [None, None]})))) == 2


def test_halves_share_nobody_and_have_every_class() -> None:
    labels = torch.arange(60) % 3
    owners = np.repeat([f"p{number}" for number in range(20)], 3)
    halves = folds(labels, owners, 2, seed=0)
    assert sorted(np.concatenate(halves)) == list(range(60))
    assert not set(owners[halves[0]]) & set(owners[halves[1]])
    for half in halves:
        assert labels[half].bincount().tolist() == [10, 10, 10]


def test_too_few_images_for_the_parts_are_a_users_error() -> None:
    few = torch.tensor([0, 0, 1, 2])
    with pytest.raises(UserError, match=r"needs 3 images of one class .* got 2 and 4: add images"):
        folds(few, np.arange(4), 3, seed=0)
    with pytest.raises(UserError, match="got 5 and 2: add images"):
        folds(torch.zeros(5, dtype=torch.int64), np.array([1, 1, 1, 2, 2]), 3, seed=0)
