"""The metrics that training follows (paper A, section 5.2, and F1 as in paper B)."""

from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

NAMES = ("accuracy", "class_accuracy", "macro_f1")


def classification_metrics(classes: int, prefix: str = "") -> MetricCollection:
    """Accuracy; class accuracy, the mean of the classes' recalls; macro F1.

    Updating them reads nothing back from the device: arguments are not checked, and which metrics
    share their counts is said here instead of found out.

    Args:
        classes: number of classes.
        prefix: put before each metric's name.
    """
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(classes, average="micro", validate_args=False),
            "class_accuracy": MulticlassAccuracy(classes, average="macro", validate_args=False),
            "macro_f1": MulticlassF1Score(classes, average="macro", validate_args=False),
        },
        prefix=prefix,
        compute_groups=[["accuracy"], ["class_accuracy", "macro_f1"]],
    )
