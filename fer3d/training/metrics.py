"""The metrics that training follows (paper A, section 5.2, and F1 as in paper B)."""

from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

NAMES = ("accuracy", "class_accuracy", "macro_f1")


def classification_metrics(classes: int, prefix: str = "") -> MetricCollection:
    """Accuracy; class accuracy, the mean of the classes' recalls; macro F1.

    Args:
        classes: number of classes.
        prefix: put before each metric's name.
    """
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(classes, average="micro"),
            "class_accuracy": MulticlassAccuracy(classes, average="macro"),
            "macro_f1": MulticlassF1Score(classes, average="macro"),
        },
        prefix=prefix,
    )
