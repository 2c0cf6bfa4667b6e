"""Metrics during training (paper A, section 5.2, and F1 as in paper B)."""

from torch import Tensor
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassF1Score,
    MulticlassStatScores,
)

NAMES = ("accuracy", "class_accuracy", "macro_f1")


class ClassAccuracy(MulticlassStatScores):
    """Mean recall of the classes that occur, as in ``evaluation.scores``.

    torchmetrics itself counts a class that is predicted but never occurs with a recall of 0.
    """

    def compute(self) -> Tensor:
        """Called by torchmetrics: () float32, 0 .. 1."""
        hits, _, _, misses = self._final_state()
        support = hits + misses
        return (hits / support.clamp_min(1)).sum() / (support > 0).sum().clamp_min(1)


def classification_metrics(classes: int) -> MetricCollection:
    """Accuracy, class accuracy (mean recall) and macro F1.

    Updates do not synchronize with the device: arguments are not checked, and the groups of metrics
    that share counts are given explicitly instead of detected.

    Args:
        classes: number of classes.
    """
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(classes, average="micro", validate_args=False),
            "class_accuracy": ClassAccuracy(classes, average="macro", validate_args=False),
            "macro_f1": MulticlassF1Score(classes, average="macro", validate_args=False),
        },
        compute_groups=[["accuracy"], ["class_accuracy", "macro_f1"]],
    )
