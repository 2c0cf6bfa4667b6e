import hashlib
import zipfile

import pandas as pd
import pytest

from fer3d.cleaning.clean import per_class
from fer3d.cleaning.duplicates import deduplicate
from fer3d.cleaning.params import DeduplicateParams
from fer3d.splitting.params import SplitParams
from fer3d.splitting.splits import split

DROP_ALL = DeduplicateParams(conflicts="drop_all", near="off")


def digest(content: object) -> str:
    return hashlib.sha1(str(content).encode()).hexdigest()


def images(*rows: tuple) -> pd.DataFrame:
    """A manifest of (id, label, content, official split) rows."""
    frame = pd.DataFrame(rows, columns=["id", "label", "content", "split"])
    sizes = {"path": frame["id"], "sha1": frame["content"].map(digest), "width": 8, "height": 8}
    return frame.assign(**sizes).drop(columns="content")


def reasons(dropped: pd.DataFrame) -> dict[str, str]:
    return dict(zip(dropped["id"], dropped["reason"], strict=True))


def test_the_published_counts():
    """Paper B, table 1: 193 copies in disgust, 2 in fear, 1 in surprise."""
    before = {
        "anger": 8228,
        "disgust": 2651,
        "fear": 2985,
        "happiness": 9113,
        "sadness": 13040,
        "surprise": 7418,
    }
    copies = {"disgust": 193, "fear": 2, "surprise": 1}
    rows = [
        (f"{label}/{i:05}", label, f"{label} {i % (count - copies.get(label, 0))}", None)
        for label, count in before.items()
        for i in range(count)
    ]
    frame = images(*rows)
    kept, dropped, metrics = deduplicate(frame, DROP_ALL)
    counts = per_class(frame, kept, dropped)
    assert counts["before"] == before
    assert counts["after"] == before | {"disgust": 2458, "fear": 2983, "surprise": 7417}
    assert counts["removed"] == dict.fromkeys(before, 0) | copies
    assert metrics["duplicates"] == len(dropped) == 196 and len(kept) == 43_239


def test_the_first_copy_stays_whatever_the_order_of_the_rows():
    frame = images(("c", "fear", 1, None), ("a", "fear", 1, None), ("b", "fear", 2, None))
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        kept, dropped, _ = deduplicate(frame.iloc[order], DROP_ALL)
        assert kept["id"].tolist() == ["a", "b"]
        assert reasons(dropped) == {"c": "exact_duplicate"}
        assert dropped["detail"].tolist() == ["kept a"]


def test_training_copies_of_held_out_images_go():
    frame = images(
        ("test/1", "fear", 1, "test"),
        ("test/2", "fear", 1, "test"),
        ("train/1", "fear", 1, "train"),
        ("train/2", "fear", 2, "train"),
        ("train/3", "fear", 2, "train"),
        ("validation/1", "fear", 1, "validation"),
        ("validation/2", "fear", 2, "validation"),
    )
    kept, dropped, metrics = deduplicate(frame, DROP_ALL)
    assert kept["id"].tolist() == ["test/1", "validation/2"]
    assert reasons(dropped) == {
        "test/2": "exact_duplicate",
        "train/1": "copy_of_held_out_image",
        "train/2": "copy_of_held_out_image",
        "train/3": "copy_of_held_out_image",
        "validation/1": "copy_of_held_out_image",
    }
    assert metrics["cross_split_groups"] == 2


CONFLICTS = (
    ("1a", "sad", 1, None),
    ("1b", "fear", 1, None),
    ("1c", "fear", 1, None),
    ("2a", "sad", 2, None),
    ("2b", "fear", 2, None),
    ("3a", "sad", 3, None),
    ("3b", "sad", 3, None),
)


@pytest.mark.parametrize(
    ("conflicts", "kept_ids"),
    [
        ("drop_all", ["3a"]),
        ("keep_first", ["1a", "2a", "3a"]),
        ("keep_majority", ["1b", "3a"]),
    ],
)
def test_conflicting_labels(conflicts, kept_ids):
    frame = images(*CONFLICTS)
    kept, dropped, metrics = deduplicate(frame, DeduplicateParams(conflicts=conflicts, near="off"))
    assert kept["id"].tolist() == kept_ids
    assert sorted([*kept["id"], *dropped["id"]]) == frame["id"].tolist()
    expected = {i: "conflicting_labels" for i in frame["id"][:5] if i not in kept_ids}
    assert reasons(dropped) == expected | {"3b": "exact_duplicate"}
    assert (metrics["conflicting_groups"], metrics["conflicting_files"]) == (2, 5)


def test_a_conflict_is_explained():
    _, dropped, _ = deduplicate(
        images(*CONFLICTS), DeduplicateParams(conflicts="keep_majority", near="off")
    )
    details = dropped.set_index("id")["detail"]
    assert details["1a"] == "labels fear, sad; kept 1b"
    assert details["2a"] == "labels fear, sad; none kept"


def test_metrics_add_up_and_name_every_class_and_reason():
    frame = images(*CONFLICTS, ("4", "joy", 4, None))
    kept, dropped, metrics = deduplicate(frame, DROP_ALL)
    counts = per_class(frame, kept, dropped)
    assert counts["removed"] == {"fear": 3, "joy": 0, "sad": 3}
    assert counts["after"] == {"fear": 0, "joy": 1, "sad": 1}
    assert metrics["removed_by_reason"] == {
        "exact_duplicate": 1,
        "copy_of_held_out_image": 0,
        "conflicting_labels": 5,
    }
    assert len(kept) + len(dropped) == len(frame) and kept["sha1"].is_unique


def test_nothing_to_remove():
    frame = images(("a", "fear", 1, "train"), ("b", "sad", 2, "test"))
    kept, dropped, metrics = deduplicate(frame, DROP_ALL)
    pd.testing.assert_frame_equal(kept, frame)
    assert dropped.empty and {"reason", "detail"} <= set(dropped.columns)
    assert metrics["duplicates"] == metrics["cross_split_groups"] == 0


@pytest.fixture(scope="module")
def fer2013(fer2013_zip) -> pd.DataFrame:
    """The files of FER2013 as they lie in the archive."""
    rows = []
    with zipfile.ZipFile(fer2013_zip) as files:
        for info in files.infolist():
            if not info.is_dir():
                _, official, label, name = info.filename.split("/")
                rows.append((f"{official}/{label}/{name}", label, files.read(info), official))
    return images(*rows)


def test_the_duplicates_of_fer2013(fer2013):
    kept, _, metrics = deduplicate(fer2013, DROP_ALL)
    assert metrics["duplicates"] == 1532 and metrics["cross_split_groups"] == 270
    assert (metrics["conflicting_groups"], metrics["conflicting_files"]) == (47, 129)
    assert len(fer2013) == 32_298 and len(kept) == 30_766 - 47
    first, _, _ = deduplicate(fer2013, DeduplicateParams(conflicts="keep_first", near="off"))
    assert len(first) == 30_766
    train = fer2013[fer2013["split"] == "train"]
    _, _, metrics = deduplicate(train, DROP_ALL)
    assert (metrics["duplicates"], metrics["cross_split_groups"]) == (1236, 0)
    assert (metrics["conflicting_groups"], metrics["conflicting_files"]) == (39, 107)


def test_no_copy_of_fer2013_leaks(fer2013):
    kept, _, _ = deduplicate(fer2013, DROP_ALL)
    values = {"seed": 0, "test_fraction": 0.2, "validation_fraction": 0.1, "folds": None, "fold": 0}
    frame, metrics = split(
        kept.assign(subject=None), SplitParams(**values, official_validation="test")
    )
    official = frame["id"].str.startswith("validation/")
    assert (frame["split"][official] == "test").all() and not frame["split"][~official].eq(
        "test"
    ).any()
    assert sum(sum(counts.values()) for counts in metrics.values()) == len(kept)
