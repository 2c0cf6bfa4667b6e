"""Calibration of probabilities, and accuracy of the most certain images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fer3d.evaluation import PROBABILITY
from fer3d.evaluation.scores import DECIMALS

BINS = 15
COVERAGES = (0.5, 0.8)  # fractions of the images, the most certain ones, whose accuracy is reported


def calibration(predictions: pd.DataFrame, classes: Sequence[str]) -> dict[str, object]:
    """Calibration of a table of predictions.

    Args:
        predictions: label, predicted, and p_<class> for each class.
        classes: names of the C classes.

    Returns:
        {calibration_error, accuracy_at_coverage: {coverage: accuracy}}.
    """
    covered = accuracy_at(predictions, classes)
    count = len(covered)
    return {
        "calibration_error": round(calibration_error(predictions, classes), DECIMALS),
        "accuracy_at_coverage": {
            f"{share:g}": round(float(covered[max(round(share * count), 1) - 1]), DECIMALS)
            for share in COVERAGES
        },
    }


def calibration_error(predictions: pd.DataFrame, classes: Sequence[str]) -> float:
    """Expected calibration error over ``BINS`` bins of equal width, 0 .. 1.

    The mean, weighted by images, of the distance between accuracy and mean confidence of a bin;
    confidence is the largest probability.

    Source: Guo et al. 2017, On calibration of modern neural networks, equation 3.
    """
    import torch  # late: pages and tables draw curves without it
    from torchmetrics.functional.classification import multiclass_calibration_error

    labels = pd.Index(classes).get_indexer(pd.Index(predictions["label"]))
    error = multiclass_calibration_error(
        torch.tensor(_probabilities(predictions, classes)),
        torch.tensor(labels),
        num_classes=len(classes),
        n_bins=BINS,
        norm="l1",
    )
    return float(error)


def reliability(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Right answers by confidence, in ``BINS`` bins of equal width; empty bins are left out.

    Returns:
        Table with a row a bin: low, high, the limits of the confidence; images; right, the number
        of right answers; confidence, the mean.
    """
    confidence = confidence_of(predictions, classes)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    right = (predictions["label"] == predictions["predicted"]).to_numpy()
    table = pd.DataFrame({"bin": bins, "right": right, "confidence": confidence.astype(float)})
    groups = table.groupby("bin").agg(
        images=("right", "size"), right=("right", "sum"), confidence=("confidence", "mean")
    )
    low = groups.index.to_numpy() / BINS
    groups.insert(0, "low", low)
    groups.insert(1, "high", low + 1 / BINS)
    return groups.reset_index(drop=True)


def accuracy_at(predictions: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """Accuracy of the n most certain images for n from 1 to N, (N,) float64.

    1 minus it is the risk of a risk-coverage curve, n / N the coverage. Images of equal confidence
    keep their order in the table.
    """
    confidence = confidence_of(predictions, classes)
    order = np.argsort(-confidence, kind="stable")
    right = (predictions["label"] == predictions["predicted"]).to_numpy()[order]
    return np.cumsum(right) / np.arange(1, len(right) + 1)


def confidence_of(predictions: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """Largest probability of each image, (N,) float32."""
    return _probabilities(predictions, classes).max(axis=1)


def _probabilities(predictions: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    columns = [f"{PROBABILITY}{name}" for name in classes]
    return predictions[columns].to_numpy(np.float32)
