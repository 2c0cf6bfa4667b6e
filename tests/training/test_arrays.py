"""The packed arrays of a training, and the choice of rows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer3d.errors import UserError
from fer3d.files.folders import Folders
from fer3d.files.packed import read_manifest
from fer3d.training.arrays import draw, encode_labels, open_set

MakeSet = Callable[..., Folders]


def test_a_draw_is_part_of_every_larger_draw() -> None:
    rows, labels = np.arange(100, 200), np.repeat(["anger", "fear"], [30, 70])
    small, large = draw(rows, labels, 10, 0), draw(rows, labels, 50, 0)
    assert len(small) == 10 and set(small) < set(large) < set(rows)
    assert (np.diff(large) > 0).all()
    assert draw(rows, labels, None, 0) is rows and draw(rows, labels, 100, 0) is rows
    assert set(draw(rows, labels, 10, 1)) != set(small)


@pytest.mark.parametrize("count", [3, 4, 10, 57, 99])
def test_every_class_keeps_its_share_of_a_draw(count: int) -> None:
    sizes = {"anger": 1, "fear": 9, "surprise": 90}
    labels = np.repeat(list(sizes), list(sizes.values()))
    for seed in range(5):
        drawn = pd.Series(labels[draw(np.arange(100), labels, count, seed)]).value_counts()
        assert drawn.sum() == count
        quotas = {label: size * count // 100 for label, size in sizes.items()}
        given_away = sum(quota == 0 for quota in quotas.values())  # to classes without a quota
        for label, quota in quotas.items():
            assert drawn[label] >= max(1, quota - given_away)


def test_a_draw_that_cannot_hold_every_class_names_the_parameter() -> None:
    with pytest.raises(UserError, match=r"train\.max_images is 2, for 3 classes"):
        draw(np.arange(6), np.array(list("abcabc")), 2, 0)


def test_labels_are_encoded_alphabetically() -> None:
    codes = encode_labels(pd.Series(["fear", "anger", "fear"]), ["anger", "disgust", "fear"])
    assert codes.tolist() == [2, 0, 2]


def test_an_unknown_label_is_a_users_error() -> None:
    with pytest.raises(UserError, match="'joy' has no training image"):
        encode_labels(pd.Series(["joy"]), ["anger"])


def test_folders_with_other_rows_are_a_users_error(
    folders: Folders, make_set: MakeSet, tmp_path: Path
) -> None:
    other = make_set(tmp_path)
    frame = read_manifest(other.shadings).assign(id=lambda f: "x" + f["id"])
    frame.to_parquet(other.shadings / "manifest.parquet")
    with pytest.raises(UserError, match="are not the 120 rows"):
        open_set(Folders(folders.images, folders.faces, other.shadings))
