"""Scores against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    precision_recall_fscore_support,
)

from fer3d.evaluation.scores import confusion_matrix, scores

CLASSES = ("a", "b", "c", "d")


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    actual = rng.choice(4, 200, p=[0.7, 0.2, 0.07, 0.03])
    predicted = np.where(rng.random(200) < 0.6, actual, rng.integers(0, 4, 200))
    confusion = confusion_matrix(actual, predicted, 4)
    np.testing.assert_array_equal(confusion, reference.confusion_matrix(actual, predicted))
    result = scores(confusion, CLASSES)
    assert result["accuracy"] == pytest.approx(accuracy_score(actual, predicted), abs=1e-6)
    recall = balanced_accuracy_score(actual, predicted)
    assert result["class_accuracy"] == pytest.approx(recall, abs=1e-6)
    f1 = f1_score(actual, predicted, average="macro")
    assert result["macro_f1"] == pytest.approx(f1, abs=1e-6)
    expected = np.transpose(precision_recall_fscore_support(actual, predicted, zero_division=0))
    table = [list(row.values()) for row in result["per_class"].values()]
    np.testing.assert_allclose(table, expected, atol=1e-6)


def test_a_perfect_classifier_scores_one() -> None:
    result = scores(np.diag([3, 5]), ("a", "b"))
    assert (result["accuracy"], result["class_accuracy"], result["macro_f1"]) == (1.0, 1.0, 1.0)


def test_always_the_largest_class_has_the_class_accuracy_of_chance() -> None:
    result = scores(np.array([[90, 0], [10, 0]]), ("a", "b"))
    assert (result["accuracy"], result["class_accuracy"]) == (0.9, 0.5)


def test_a_class_that_does_not_occur_is_left_out_of_the_means() -> None:
    result = scores(np.array([[4, 0, 0], [0, 4, 0], [0, 0, 0]]), ("a", "b", "c"))
    assert (result["class_accuracy"], result["macro_f1"]) == (1.0, 1.0)
    assert result["per_class"]["c"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
