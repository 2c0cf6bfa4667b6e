"""Batches from packed arrays."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from fer3d.errors import UserError
from fer3d.files.folders import Folders
from fer3d.files.packed import read_manifest
from fer3d.networks.inputs import to_inputs
from fer3d.training.arrays import open_set
from fer3d.training.batches import ShuffledBatches, in_order
from fer3d.training.data import ExpressionData, ExpressionDataset

MakeSet = Callable[..., Folders]


def test_train_and_validation_hold_their_rows_and_no_test_row(folders: Folders) -> None:
    arrays = open_set(folders)
    data = ExpressionData(arrays, batch_size=8, seed=0)
    assert (len(data.train), len(data.validation)) == (72, 24)
    for name, dataset in (("train", data.train), ("validation", data.validation)):
        rows = np.flatnonzero(arrays.frame["split"] == name)
        batch = dataset[list(range(len(dataset)))]
        np.testing.assert_array_equal(batch["image"].numpy(), arrays.image[rows])
        np.testing.assert_array_equal(batch["landmarks"].numpy(), arrays.landmarks[rows])


def test_garbage_in_test_rows_changes_nothing(make_set: MakeSet, tmp_path: Path) -> None:
    clean = ExpressionData(open_set(make_set(tmp_path / "clean")), batch_size=8, seed=0)
    spoiled = open_set(make_set(tmp_path / "spoiled", spoil_test=True))
    data = ExpressionData(spoiled, batch_size=8, seed=0)
    assert data.classes == clean.classes
    for loaders in (
        (data.train_dataloader(), clean.train_dataloader()),
        (data.val_dataloader(), clean.val_dataloader()),
    ):
        for one, other in zip(*loaders, strict=True):
            assert all(torch.equal(one[name], other[name]) for name in one)


def test_resident_batches_equal_memory_mapped_ones(folders: Folders) -> None:
    arrays = open_set(folders)
    datasets = [
        ExpressionDataset(arrays, arrays.rows("train"), ("anger", "fear", "surprise")) for _ in "ab"
    ]
    datasets[1].load_onto(torch.device("cpu"))
    one, other = (dataset[[5, 0, 71]] for dataset in datasets)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_an_epoch_holds_every_image_once_in_nearly_equal_batches() -> None:
    batches = list(ShuffledBatches(129, 64, seed=0))
    assert torch.cat(batches).sort().values.tolist() == list(range(129))
    assert [len(batch) for batch in batches] == [43, 43, 43]


def test_parts_of_processes_together_are_the_whole_batch() -> None:
    whole = list(ShuffledBatches(64, 16, seed=0))
    parts = [
        list(ShuffledBatches(64, 16, seed=0, accumulate=2, share=(rank, 2))) for rank in (0, 1)
    ]
    assert [len(part) for rank in parts for part in rank] == [4] * 16
    for number, batch in enumerate(whole):
        pieces = [parts[rank][2 * number + part] for part in (0, 1) for rank in (0, 1)]
        assert torch.equal(torch.cat(pieces), batch)


def test_too_many_parts_are_a_users_error(folders: Folders) -> None:
    data = ExpressionData(open_set(folders), batch_size=16, seed=0, accumulate=12)
    with pytest.raises(UserError, match=r"too few for 12 parts on each of 1 devices"):
        data.setup("fit")


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[list[int]]:
        batches = ShuffledBatches(50, 8, seed=seed)
        batches.set_epoch(epoch)
        return [batch.tolist() for batch in batches]

    assert order(0, 3) == order(0, 3)
    assert order(0, 3) != order(0, 4)
    assert order(0, 3) != order(1, 3)


def test_in_order_covers_all() -> None:
    assert [batch.tolist() for batch in in_order(5, 2)] == [[0, 1], [2, 3], [4]]
    shared = [torch.cat(in_order(7, 2, share=(rank, 3))) for rank in range(3)]
    assert torch.cat(shared).sort().values.tolist() == list(range(7))


def test_pixels_become_numbers_from_0_to_1() -> None:
    batch = {
        "image": torch.tensor([0, 255], dtype=torch.uint8).expand(1, 2, 3, 2).movedim(-1, 1),
        "shading": torch.full((1, 2, 2), 51, dtype=torch.uint8),
        "landmarks": torch.zeros(1, 68, 2),
        "reconstructed": torch.tensor([True]),
    }
    batch["image"] = torch.zeros(1, 2, 2, 3, dtype=torch.uint8)
    batch["image"][0, 0, 1] = torch.tensor([255, 51, 0])
    inputs = to_inputs(batch)
    assert inputs["image"].shape == (1, 3, 2, 2)
    assert inputs["image"][0, :, 0, 1].tolist() == pytest.approx([1.0, 0.2, 0.0])
    assert inputs["shading"].shape == (1, 1, 2, 2)
    assert inputs["shading"].unique().tolist() == pytest.approx([0.2])


def test_a_set_without_validation_is_a_users_error(make_set: MakeSet, tmp_path: Path) -> None:
    folders = make_set(tmp_path)
    frame = read_manifest(folders.images)
    frame[frame["split"] == "validation"] = frame.assign(split="train")
    frame.to_parquet(folders.images / "manifest.parquet")
    with pytest.raises(UserError, match="needs validation images"):
        ExpressionData(open_set(folders), batch_size=8, seed=0)
