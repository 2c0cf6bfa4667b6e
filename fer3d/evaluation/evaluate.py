"""Evaluation of a trained recognizer on validation and test images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from torch import Tensor

from fer3d.errors import UserError
from fer3d.evaluation.predictions import (
    evaluate_reconstructed,
    evaluate_split,
    evaluate_votes,
    predictions_table,
)
from fer3d.files.folders import Folders
from fer3d.files.manifest import TEST, VALIDATION, VOTES
from fer3d.machine.progress import progress
from fer3d.training.arrays import InputArrays, open_set
from fer3d.training.checkpoint import TrainedNetwork, load_trained
from fer3d.training.data import ExpressionDataset, network_inputs

SPLITS = (VALIDATION, TEST)
BATCH = 64  # images; a constant, because results depend on it in the last digits


class Classifier(Protocol):
    """What is evaluated: a ``FusionNetwork`` or a compared network."""

    def probabilities(self, **inputs: Tensor | None) -> Tensor:
        """Inputs as ``networks.inputs.to_inputs`` makes them; (B, C) float32, rows sum to 1."""
        ...


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
    trained = load_trained(checkpoint, device)
    arrays = open_set(folders, trained.network.config.branches)
    _check_sizes(trained, arrays)
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


def predict(network: Classifier, dataset: ExpressionDataset, device: str = "cpu") -> np.ndarray:
    """Probabilities of the network's classes, (N, C) float32, in the dataset's order."""
    parts = []
    with progress("evaluate", total=len(dataset)) as advance:
        for inputs in network_inputs(dataset, BATCH, device):
            parts.append(network.probabilities(**inputs).cpu().numpy())
            advance(len(parts[-1]))
    return np.concatenate(parts)


def _check_sizes(trained: TrainedNetwork, arrays: InputArrays) -> None:
    sizes = (
        ("image size", "px", trained.image_size, arrays.image_size),
        ("shading size", "px", trained.shading_size, arrays.shading_size),
        ("faces", "vertices", trained.vertices, arrays.vertex_count),
        ("faces", "features", trained.features, arrays.feature_count),
    )
    for name, unit, expected, actual in sizes:
        if expected != actual:
            raise UserError(
                f"the recognizer was trained with {name} of {expected} {unit}, but the arrays have "
                f"{actual} {unit}: train again, or make the arrays as for that training"
            )
