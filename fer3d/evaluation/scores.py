"""Scores of a classifier from its confusion matrix."""

from collections.abc import Sequence

import numpy as np

DECIMALS = 6  # of scores in metrics files
MEANS = ("accuracy", "class_accuracy", "macro_f1")  # scores of all classes together


def confusion_matrix(actual: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Confusion counts, by true and predicted class.

    Args:
        actual: (N,) int, 0 .. C - 1.
        predicted: (N,) int, 0 .. C - 1.
        classes: number of classes, C.

    Returns:
        (C, C) int64; rows are true classes, columns predicted ones.
    """
    cells = np.bincount(actual * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes)


def scores(
    confusion: np.ndarray, classes: Sequence[str], missed: np.ndarray | int = 0
) -> dict[str, object]:
    """Accuracy, class accuracy, macro F1, and precision, recall, F1 and support of each class.

    Class accuracy is the mean recall of the classes that occur; macro F1 the mean over classes that
    occur or were predicted. 0 / 0 is 0.

    Args:
        confusion: (C, C) int; rows are true classes, columns predicted ones.
        classes: names of the C classes.
        missed: (C,) int, images of each class that got no answer; they count as wrong.

    Returns:
        {accuracy, class_accuracy, macro_f1, per_class: {name: {precision, recall, f1, support}}}

    Source: paper A, section 5.2 (accuracy, class accuracy); F1 as scikit-learn's ``f1_score``.
    """
    hits = np.diagonal(confusion)
    support, predicted = confusion.sum(axis=1) + missed, confusion.sum(axis=0)
    precision, recall = _ratio(hits, predicted), _ratio(hits, support)
    f1 = _ratio(2 * hits, support + predicted)
    return {
        "accuracy": _rounded(hits.sum() / max(support.sum(), 1)),
        "class_accuracy": _rounded(_mean(recall[support > 0])),
        "macro_f1": _rounded(_mean(f1[support + predicted > 0])),
        "per_class": {
            name: {
                "precision": _rounded(precision[i]),
                "recall": _rounded(recall[i]),
                "f1": _rounded(f1[i]),
                "support": int(support[i]),
            }
            for i, name in enumerate(classes)
        },
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.maximum(whole, 1)  # if the whole is 0, so is the part


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS)
