import hashlib
import re

import numpy as np
import pandas as pd
import pytest

from fer3d.errors import UserError
from fer3d.splitting.params import SplitParams
from fer3d.splitting.splits import check_disjoint, deal_folds, split

# Paper B, table 2: class -> images without duplicates, training images, held-out images
PUBLISHED = {
    "anger": (8228, 6582, 1646),
    "disgust": (2458, 1967, 491),
    "fear": (2983, 2386, 597),
    "happiness": (9113, 7290, 1823),
    "sadness": (13040, 10432, 2608),
    "surprise": (7417, 5934, 1483),
}


def params(**changes) -> SplitParams:
    values = {
        "seed": 0,
        "test_fraction": 0.2,
        "validation_fraction": 0.1,
        "official_validation": "test",
        "folds": None,
        "fold": 0,
    }
    return SplitParams(**values | changes)


def images(labels, splits=None, subjects=None) -> pd.DataFrame:
    ids = [f"{i:06}" for i in range(len(labels))]
    return pd.DataFrame(
        {
            "id": ids,
            "path": ids,
            "label": labels,
            "sha1": [hashlib.sha1(i.encode()).hexdigest() for i in ids],
            "split": splits,
            "subject": subjects,
        }
    ).astype({"split": "object", "subject": "object"})


def sizes(frame: pd.DataFrame) -> dict[str, int]:
    return frame["split"].value_counts().to_dict()


def test_the_published_counts():
    """The paper's validation images are the test split here; ours come from training."""
    labels = np.repeat(list(PUBLISHED), [n for n, _, _ in PUBLISHED.values()])
    for order in (labels, np.random.default_rng(1).permutation(labels)):
        _, metrics = split(images(order), params())
        assert metrics["test"] == {label: held for label, (_, _, held) in PUBLISHED.items()}
        training = {k: metrics["train"][k] + metrics["validation"][k] for k in PUBLISHED}
        assert training == {label: trained for label, (_, trained, _) in PUBLISHED.items()}
        assert sum(metrics["test"].values()) == 8648 and sum(training.values()) == 34_591


def test_validation_is_carved_out_of_training_in_proportion():
    frame, metrics = split(images(["a"] * 500 + ["b"] * 250), params(validation_fraction=0.25))
    assert metrics == {
        "train": {"a": 300, "b": 150},
        "validation": {"a": 100, "b": 50},
        "test": {"a": 100, "b": 50},
    }
    assert frame["split"].notna().all()


def test_the_order_of_the_rows_does_not_matter_and_the_seed_does():
    frame = images(list("ab") * 50)
    first, _ = split(frame, params())
    second, _ = split(frame.iloc[::-1], params())
    pd.testing.assert_frame_equal(first, second)
    third, _ = split(frame, params(seed=1))
    assert (first["split"] != third["split"]).any()


OFFICIAL = ["train"] * 40 + ["validation"] * 20 + ["test"] * 30


@pytest.mark.parametrize("meaning", ["test", "validation"])
def test_three_official_splits_are_kept(meaning):
    frame, _ = split(images(list("ab") * 45, OFFICIAL), params(official_validation=meaning))
    assert frame["split"].tolist() == OFFICIAL


def test_official_train_and_test_are_kept_and_validation_is_carved_out():
    official = ["train"] * 60 + ["test"] * 30
    frame, _ = split(images(list("ab") * 45, official), params())
    assert sizes(frame) == {"train": 54, "validation": 6, "test": 30}
    assert (frame["split"][60:] == "test").all()


def test_what_an_official_validation_without_test_is():
    frame = images(list("ab") * 45, ["train"] * 60 + ["validation"] * 30)
    as_test, _ = split(frame, params(official_validation="test"))
    assert sizes(as_test) == {"train": 54, "validation": 6, "test": 30}
    assert (as_test["split"][60:] == "test").all()
    as_validation, _ = split(frame, params(official_validation="validation"))
    assert sizes(as_validation) == {"train": 48, "validation": 30, "test": 12}
    assert (as_validation["split"][60:] == "validation").all()


def test_whole_subjects_are_held_out():
    subjects = np.repeat([f"s{i:02}" for i in range(30)], 14)
    frame, metrics = split(images(list("abcdefg") * 60, subjects=subjects), params())
    assert frame.groupby("subject")["split"].nunique().max() == 1
    assert 0.15 < sum(metrics["test"].values()) / 420 < 0.25
    assert set(metrics["validation"]) == set("abcdefg") and min(metrics["validation"].values()) > 0


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.5, 0.8, 0.9])
def test_the_fraction_of_subjects_is_the_one_that_is_asked_for(fraction):
    subjects = np.repeat([f"s{i:03}" for i in range(100)], 7)
    frame, _ = split(
        images(list("abcdefg") * 100, subjects=subjects), params(test_fraction=fraction)
    )
    assert (frame["split"] == "test").mean() == pytest.approx(fraction, abs=0.02)
    assert frame.groupby("subject")["split"].nunique().max() == 1


def test_an_unknown_subject_is_one_of_its_own():
    subjects = ["s1", "s1", None, None] * 25
    frame, _ = split(images(list("ab") * 50, subjects=subjects), params())
    assert frame["split"][frame["subject"] == "s1"].nunique() == 1
    assert frame["split"][frame["subject"].isna()].nunique() == 3


def test_too_few_subjects_are_explained():
    with pytest.raises(UserError, match=r"3 subjects are too few.*at least 5"):
        split(images(list("ab") * 6, subjects=list("xyz") * 4), params())


def test_too_few_images_of_many_subjects_are_explained():
    frame = images(list("abcdefg") * 4, subjects=[f"s{i // 2}" for i in range(28)])
    with pytest.raises(UserError, match=r"4 images in the largest class are too few.*at least 5"):
        split(frame, params())


def test_a_subject_in_two_official_splits_is_an_error():
    frame = images(list("ab") * 4, ["train"] * 6 + ["test"] * 2, ["s1"] * 8)
    with pytest.raises(UserError, match="subject 's1' is in both test and train"):
        check_disjoint(frame)


def test_a_file_in_two_splits_is_an_error():
    frame = images(list("ab") * 45, OFFICIAL)
    frame.loc[89, "sha1"] = frame["sha1"][0]
    with pytest.raises(UserError, match=r"sha1 .* is in both test and train .*remove duplicates"):
        split(frame, params())


@pytest.mark.parametrize(
    ("labels", "splits", "message"),
    [
        (
            list("a" * 50 + "b"),
            None,
            "class 'b' has 1 image to split into train, test and validation, at least 3 are",
        ),
        (
            list("ab" * 9 + "c") + list("ab"),
            ["train"] * 19 + ["test"] * 2,
            "class 'c' has 1 image to split into train and validation, at least 2 are needed",
        ),
        (list("abcabc"), None, "6 images of 3 classes are too few.* at least 9 are needed; add"),
        (["a"], None, "all 1 images are of class 'a': at least two classes are needed"),
        (list("ab") * 5 + ["c"], ["train"] * 10 + ["test"], "class 'c' has no image in train"),
        (list("ab"), ["test"] * 2, "0 images of 0 classes are too few"),
    ],
)
def test_classes_that_cannot_be_divided_are_explained(labels, splits, message):
    with pytest.raises(UserError, match=message):
        split(images(labels, splits), params(validation_fraction=0.2))


@pytest.mark.parametrize("changes", [{}, {"test_fraction": 0.5}, {"test_fraction": 0.8}])
def test_the_images_that_are_said_to_be_needed_are_enough(changes):
    with pytest.raises(UserError, match="class 'b' has 1 image to split") as caught:
        split(images(["a"] * 50 + ["b"]), params(**changes))
    needed = int(re.search(r"at least (\d+) are needed", str(caught.value))[1])
    for seed in range(20):
        split(images(["a"] * 50 + ["b"] * needed), params(seed=seed, **changes))


@pytest.mark.parametrize("changes", [{"test_fraction": 0.5}, {"folds": 2}])
def test_what_test_took_of_a_small_class_is_counted(changes):
    message = "has 2 images to split into train, test and validation, at least 4 are needed"
    with pytest.raises(UserError, match=message):
        split(images(["a"] * 48 + ["b"] * 2), params(**changes))


def proposed_fraction(error: UserError) -> dict[str, float]:
    assert "are too few to hold out a fraction" in str(error)
    found = re.search(r"set split.(\w+_fraction) to (0\.\d+), or add images", str(error))
    return {found[1]: float(found[2])}


@pytest.mark.parametrize(
    ("count", "changes"),
    [
        (32, {"test_fraction": 0.2}),
        (70, {"test_fraction": 0.05}),
        (70, {"test_fraction": 0.95}),
        (40, {"validation_fraction": 0.9}),
        (32, {"folds": 4}),
    ],
)
def test_a_fraction_that_is_proposed_does(count, changes):
    frame = images((list("abcdefg") * 10)[:count])
    proposals = 0
    for _ in range(2):  # one for test, then one for validation, at most
        try:
            split(frame, params(**changes))
        except UserError as error:
            changes = changes | proposed_fraction(error)
            proposals += 1
    assert proposals
    split(frame, params(**changes))


def cross_validation(frame: pd.DataFrame, folds: int, **changes) -> list[pd.DataFrame]:
    return [split(frame, params(folds=folds, fold=k, **changes))[0] for k in range(folds)]


def test_every_image_is_a_test_image_in_exactly_one_fold():
    frame = images(["a"] * 60 + ["b"] * 30, ["train"] * 70 + ["test"] * 20)  # official: left aside
    folds = cross_validation(frame, 10)
    tested = pd.concat(fold["id"][fold["split"] == "test"] for fold in folds)
    assert sorted(tested) == frame["id"].tolist()
    for fold in folds:
        assert sizes(fold) == {"train": 72, "validation": 9, "test": 9}
        assert fold["label"][fold["split"] == "test"].value_counts().to_dict() == {"a": 6, "b": 3}


def test_no_subject_is_in_two_parts_of_a_fold():
    subjects = np.repeat([f"s{i:02}" for i in range(30)], 14)
    folds = cross_validation(images(list("abcdefg") * 60, subjects=subjects), 10)
    for fold in folds:
        assert fold.groupby("subject")["split"].nunique().max() == 1
        assert set(fold["split"]) == {"train", "validation", "test"}
    tested = pd.concat(fold["subject"][fold["split"] == "test"].drop_duplicates() for fold in folds)
    assert sorted(tested) == sorted(set(subjects))


def test_folds_depend_on_the_seed_and_not_on_the_order_of_the_rows():
    frame = images(list("ab") * 50)
    first = split(frame, params(folds=5, fold=3))[0]
    pd.testing.assert_frame_equal(first, split(frame.iloc[::-1], params(folds=5, fold=3))[0])
    other = split(frame, params(folds=5, fold=3, seed=1))[0]
    assert (first["split"] != other["split"]).any()


@pytest.mark.parametrize(
    ("labels", "subjects", "message"),
    [
        (list("a" * 20 + "bbb"), None, "class 'b' has 3 images for 5 folds.*lower split.folds"),
        (list("ab") * 8, list("wxyz") * 4, "4 subjects are too few for 5 folds"),
        (list("abcd") * 4, [f"s{i}" for i in range(16)], "the largest class has 4 images"),
        (list("a" * 15 + "bbb"), [*(f"s{i % 5}" for i in range(15)), *["t"] * 3], "class 'b'"),
    ],
)
def test_too_few_for_the_folds_is_explained(labels, subjects, message):
    with pytest.raises(UserError, match=message):
        deal_folds(images(labels, subjects=subjects), 5, 0)


def test_a_fold_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"expected 0 \.\. 4 for 5 folds"):
        params(folds=5, fold=5)


def test_near_copies_are_held_out_together_and_count_as_one():
    frame = images(["happy", "sad"] * 100)
    groups = [f"{i // 4:06}" if i < 80 else None for i in range(200)]
    done, _ = split(frame.assign(near_group=groups), params())
    assert (done.groupby("near_group")["split"].nunique() == 1).all()
    assert done["split"].iloc[:80].nunique() == 3
    for part in cross_validation(frame.assign(near_group=groups), 5):
        assert (part.groupby("near_group")["split"].nunique() == 1).all()


def test_near_copies_in_two_official_splits_are_an_error():
    frame = images(["happy", "sad"] * 2, ["train", "train", "test", "test"])
    with pytest.raises(UserError, match=r"near_group 'a' is in both test and train"):
        check_disjoint(frame.assign(near_group=["a", None, "a", None]))
