"""Evaluation of a trained recognizer on validation and test images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.errors import UserError
from fer3d.evaluation.predictions import (
    evaluate_reconstructed,
    evaluate_split,
    evaluate_votes,
    predictions_table,
)
from fer3d.files.folders import Folders
from fer3d.files.manifest import TEST, VALIDATION, VOTES
from fer3d.training.answers import Classifier, open_recognizer, predict
from fer3d.training.arrays import InputArrays
from fer3d.training.data import ExpressionDataset

SPLITS = (VALIDATION, TEST)


def evaluate(
    checkpoint: Path, folders: Folders, *, device: str = "cpu"
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Predict validation and test images of a data set with a recognizer.

    Args:
        checkpoint: written by ``fer3d.training.fit``.
        folders: packed arrays; the manifest has the split of each row.
        device: cpu | cuda.

    Returns:
        Predictions, sorted by id: id, split, label, reconstructed, predicted, and p_<class> float32
        for each class. Metrics of each split that has images: accuracy, class_accuracy, macro_f1,
        per_class {precision, recall, f1, support}, calibration_error, accuracy_at_coverage;
        ``reconstructed``, the scores of the images with a 3D face alone, see
        ``evaluate_reconstructed``; and ``votes`` if the data set has some, see ``evaluate_votes``.

    Raises:
        UserError: the checkpoint does not fit the arrays, the probabilities are not finite, or both
            splits are empty.
    """
    trained, arrays = open_recognizer(checkpoint, folders, device)
    return evaluate_network(trained.network, trained.classes, arrays, device=device)


def evaluate_network(
    network: Classifier, classes: Sequence[str], arrays: InputArrays, *, device: str = "cpu"
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Predict validation and test images with any network that takes these inputs.

    Args:
        network: in evaluation mode, on the device.
        classes: in the order of the network's outputs.
        arrays: the set.
        device: cpu | cuda.

    Returns:
        As ``evaluate``.

    Raises:
        UserError: the probabilities are not finite, or both splits are empty.
    """
    rows = np.flatnonzero(arrays.frame["split"].isin(SPLITS))
    if not len(rows):
        raise UserError("there are no validation and no test images to evaluate")
    probabilities = predict(network, ExpressionDataset(arrays, rows, classes), device)
    if not np.isfinite(probabilities).all():
        raise UserError(
            "the recognizer's probabilities are not finite (NaN) because its training diverged: "
            "lower train.learning_rate and train again"
        )
    frame = arrays.frame.iloc[rows].assign(reconstructed=arrays.reconstructed[rows])
    predictions = predictions_table(frame, probabilities, classes)
    metrics: dict[str, object] = {}
    for split in SPLITS:
        chosen = (frame["split"] == split).to_numpy()
        if chosen.any():
            metrics[split] = _all_scores(predictions[chosen], frame[chosen], classes)
    return predictions, metrics


def _all_scores(
    predictions: pd.DataFrame, frame: pd.DataFrame, classes: Sequence[str]
) -> dict[str, object]:
    scores = evaluate_split(predictions, classes)
    scores["reconstructed"] = evaluate_reconstructed(predictions, classes)
    if VOTES in frame:
        scores["votes"] = evaluate_votes(predictions, frame[VOTES], classes)
    return scores
