"""Answers of trained networks to the rows of a data set."""

from pathlib import Path
from typing import Protocol

import numpy as np
from torch import Tensor

from fer3d.errors import UserError
from fer3d.files.folders import Folders
from fer3d.machine.progress import progress
from fer3d.training.arrays import InputArrays, open_set
from fer3d.training.checkpoint import TrainedNetwork, load_trained
from fer3d.training.data import ExpressionDataset, network_inputs

BATCH = 64  # images; a constant, because results depend on it in the last digits


class Classifier(Protocol):
    """A network that gives probabilities: a ``FusionNetwork`` or a compared one."""

    def probabilities(self, **inputs: Tensor | None) -> Tensor:
        """Inputs as ``networks.inputs.to_inputs`` makes them; (B, C) float32, rows sum to 1."""
        ...


def open_recognizer(
    checkpoint: Path, folders: Folders, device: str
) -> tuple[TrainedNetwork, InputArrays]:
    """A recognizer and the arrays that it reads.

    Args:
        checkpoint: written by ``fer3d.training.fit``.
        folders: packed arrays.
        device: cpu | cuda.

    Raises:
        UserError: the checkpoint cannot be read, or does not fit the arrays.
    """
    trained = load_trained(checkpoint, device)
    arrays = open_set(folders, trained.network.config.branches)
    _check_sizes(trained, arrays)
    return trained, arrays


def predict(
    network: Classifier,
    dataset: ExpressionDataset,
    device: str = "cpu",
    *,
    title: str = "evaluate",
    batch: int = BATCH,
) -> np.ndarray:
    """Probabilities of the network's classes, (N, C) float32, in the dataset's order.

    Args:
        network: in evaluation mode, on the device.
        dataset: the rows.
        device: cpu | cuda.
        title: of the progress bar.
        batch: images at a time.
    """
    parts = []
    with progress(title, total=len(dataset)) as advance:
        for inputs in network_inputs(dataset, batch, device):
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
