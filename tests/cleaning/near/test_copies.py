import numpy as np
import pandas as pd
import pytest

from fer3d.cleaning.near.copies import separate_near_copies

FAR = ("0", "f" * 16, "f0f0f0f0f0f0f0f0", "00ff00ff00ff00ff")  # 32 bits apart and more


def manifest(*rows: tuple[str, str, str | None, int]) -> pd.DataFrame:
    """Rows of id, label, official split and picture; photos of one picture are near copies."""
    frame = pd.DataFrame(rows, columns=["id", "label", "split", "picture"])
    flipped = [
        f"{int(FAR[p], 16) ^ (number % 4):016x}" for number, p in enumerate(frame["picture"])
    ]
    return frame.assign(phash=flipped).drop(columns="picture")


def separate(frame: pd.DataFrame, near: str = "group", conflicts: str = "drop_all"):
    pictures = np.random.default_rng(0).integers(0, 256, (48, 48)).astype(np.uint8)
    return separate_near_copies(frame, near, conflicts, lambda rows: dict.fromkeys(rows, pictures))


def reasons(dropped: pd.DataFrame) -> dict[str, str]:
    return dict(zip(dropped["id"], dropped["reason"], strict=True))


LEAKING = (
    ("a", "sad", "test", 0),
    ("b", "happy", "test", 0),
    ("c", "sad", "train", 0),
    ("d", "sad", "validation", 1),
    ("e", "sad", "train", 1),
    ("f", "happy", "train", 2),
)


@pytest.mark.parametrize("near", ["group", "drop"])
def test_copies_of_held_out_photos_leave_and_test_photos_never_do(near):
    kept, dropped, copies, metrics = separate(manifest(*LEAKING), near)
    leak = "near_copy_of_held_out_image"
    assert reasons(dropped) == {"c": leak, "e": leak}
    assert kept["id"].tolist() == ["a", "b", "d", "f"]
    assert kept["near_group"].fillna("").tolist() == ["a", "a", "", ""]
    assert copies["id"].tolist() == ["a", "b", "c", "d", "e"]
    assert "phash" not in kept and len(kept) + len(dropped) == len(LEAKING)
    assert metrics == {
        "groups": 2,
        "images": 5,
        "cross_split_groups": 2,
        "would_leak": 3,
        "conflicting_groups": 1,
        "removed_by_reason": {
            "near_copies_conflict": 0,
            "near_copy_of_held_out_image": 2,
            "near_duplicate": 0,
        },
    }


def test_a_report_changes_nothing():
    kept, dropped, copies, metrics = separate(manifest(*LEAKING), "report")
    assert len(kept) == len(LEAKING) and dropped.empty and "near_group" not in kept
    assert metrics["would_leak"] == 3 and (copies["reason"] == "").all()


THREE = (("a", "sad", None, 0), ("b", "happy", None, 0), ("c", "happy", None, 0))


@pytest.mark.parametrize(
    ("conflicts", "left"),
    [("drop_all", []), ("keep_first", ["a"]), ("keep_majority", ["b", "c"])],
)
def test_contradicting_labels_follow_the_rule_for_copies(conflicts, left):
    kept, dropped, _, _ = separate(manifest(*THREE), conflicts=conflicts)
    assert kept["id"].tolist() == left
    assert set(reasons(dropped).values()) == {"near_copies_conflict"}


def test_two_equally_frequent_labels_have_no_majority():
    kept, _, _, _ = separate(manifest(*THREE[:2]), conflicts="keep_majority")
    assert kept.empty


def test_drop_keeps_the_first_of_a_group():
    kept, dropped, _, _ = separate(manifest(*THREE), "drop", "keep_majority")
    assert kept["id"].tolist() == ["b"] and kept["near_group"].isna().all()
    assert reasons(dropped) == {"a": "near_copies_conflict", "c": "near_duplicate"}


def test_the_order_of_rows_does_not_matter():
    frame = manifest(*LEAKING)
    first, second = separate(frame), separate(frame.iloc[::-1])
    for one, other in zip(first[:3], second[:3], strict=True):
        pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))
    assert first[3] == second[3]


def test_photos_without_copies_stay_as_they_are():
    kept, dropped, copies, metrics = separate(
        manifest(("a", "sad", None, 0), ("b", "sad", None, 1))
    )
    assert len(kept) == 2 and dropped.empty and copies.empty and metrics["groups"] == 0
