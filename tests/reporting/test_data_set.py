"""The data set in numbers."""

import cv2
import numpy as np
import pandas as pd

from fer3d.reporting.data_set import copies_in_training, describe, image_statistics

SIZE = 16  # px


def test_images_are_counted_after_each_stage_and_by_reason(data_sources):
    values = describe(data_sources)
    assert values["images_by_step"]["fear"] == {
        "ingested": 2,
        "without_copies": 2,
        "train": 1,
        "test": 1,
        "faces_found": 2,
        "reconstructed": 2,
        "rows_after_balancing": 3,
    }
    assert list(values["images_by_step"]["all"].values()) == [4, 3, 2, 1, 2, 2, 4]
    assert values["lost_by_reason"] == {
        "corrupt": {"fear": 0, "joy": 1, "no label": 0, "all": 1},
        "exact_duplicate": {"fear": 0, "joy": 1, "no label": 0, "all": 1},
        "no_label": {"fear": 0, "joy": 0, "no label": 1, "all": 1},
        "small_face": {"fear": 1, "joy": 0, "no label": 0, "all": 1},
        "all": {"fear": 1, "joy": 2, "no label": 1, "all": 4},
    }


def test_faces_poses_sizes_and_near_copies(data_sources):
    values = describe(data_sources)
    assert values["not_found"]["train"]["joy"] == {
        "images": 1,
        "not_aligned": 1,
        "not_reconstructed": 1,
        "not_reconstructed_percent": 100.0,
    }
    assert values["not_found"]["test"]["all"]["not_reconstructed_percent"] == 0.0
    assert values["absolute_yaw_deg"]["train"] == {
        "0-15": 0,
        "15-30": 1,
        "30-45": 0,
        "45-60": 0,
        "60-90": 0,
    }
    assert values["absolute_yaw_deg"]["test"]["60-90"] == 1
    assert values["shorter_side_px"]["test"]["median"] == 20
    assert values["brightness"]["fear"]["5 %"] == 100  # the noisy copy is black
    assert values["near_copies"] == {
        "groups": 2,
        "images": 4,
        "groups_in_several_splits": 1,
        "groups_with_several_labels": 0,
        "dropped": 1,
    }
    one = {"images": 1, "exact_copy": 0, "near_copy": 1, "percent": 100.0}
    assert values["copies_in_training"] == {"test": {"fear": one, "all": one}}


def test_light_and_sharpness_of_known_images():
    rng = np.random.default_rng(0)
    half = np.full((SIZE, SIZE, 3), 50, np.uint8)
    half[:, : SIZE // 2] = 150
    noisy = rng.integers(0, 256, half.shape).astype(np.uint8)
    blurred = cv2.GaussianBlur(noisy, (0, 0), 2)
    grey = np.full_like(half, 70)
    images = np.stack([grey, half, np.ascontiguousarray(half[:, ::-1]), noisy, blurred, 0 * half])
    found = image_statistics(images, np.arange(6))
    np.testing.assert_allclose(found["brightness"][[0, 1, 2, 5]], [70, 100, 100, 0])
    np.testing.assert_allclose(found["contrast"][[0, 1, 5]], [0, 50, 0])
    np.testing.assert_allclose(found["light_from_left"][[0, 1, 2, 5]], [0, 0.5, -0.5, 0])
    assert found["sharpness"][0] == 0 and found["sharpness"][3] > 10 * found["sharpness"][4]
    assert all(len(values) == 0 for values in image_statistics(images, []).values())


def rows(*values: tuple, columns: str) -> pd.DataFrame:
    return pd.DataFrame(values, columns=columns.split())


def test_exact_and_near_copies_are_counted_once_each_by_class() -> None:
    """1 has an exact copy in training, 2 a near one, 3 both, 4 a near copy in its own split."""
    kept = rows(
        ("1", "joy", "test", "a"),
        ("2", "joy", "test", "b"),
        ("3", "fear", "test", "c"),
        ("4", "joy", "test", "d"),
        ("5", "joy", "test", "e"),
        ("6", "joy", "validation", "f"),
        ("7", "joy", "train", "g"),
        columns="id label split sha1",
    )
    dropped = rows(
        ("8", "train", "a"),
        ("9", "train", "c"),
        ("10", "test", "d"),  # a copy in its own split
        columns="id split sha1",
    )
    near = rows(
        ("2", "test", "x"),
        ("11", "train", "x"),
        ("3", "test", "y"),
        ("12", "train", "y"),
        ("4", "test", "z"),
        ("13", "test", "z"),
        ("7", "train", "w"),
        columns="id split near_group",
    )
    none = {"images": 1, "exact_copy": 0, "near_copy": 0, "percent": 0.0}
    assert copies_in_training(kept, dropped, near) == {
        "validation": {"joy": none, "all": none},
        "test": {
            "fear": {"images": 1, "exact_copy": 1, "near_copy": 0, "percent": 100.0},
            "joy": {"images": 4, "exact_copy": 1, "near_copy": 1, "percent": 50.0},
            "all": {"images": 5, "exact_copy": 2, "near_copy": 1, "percent": 60.0},
        },
    }


def test_without_official_splits_there_is_nothing_to_leak() -> None:
    kept = rows(("1", "joy", None, "a"), columns="id label split sha1")
    dropped = rows(("2", None, "a"), columns="id split sha1")
    assert copies_in_training(kept, dropped, rows(columns="id split near_group")) == {}
