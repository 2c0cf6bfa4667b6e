"""A trained model of the comparison: what it is asked, and its file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fer3d.compared.contract import ComparedNetwork
from fer3d.comparison.registry import model_of
from fer3d.errors import UserError
from fer3d.networks.inputs import PIXEL_MAX
from fer3d.training.checkpoint import read_checkpoint, write_checkpoint

BATCH = 64  # images; fixed, so that a result does not depend on it


@dataclass(frozen=True)
class ComparedModel:
    """A network in evaluation mode; it stands where a ``Recognizer`` stands in the evaluation.

    Attributes:
        model: its name in the registry.
        network: see ``ComparedNetwork``.
        classes: the expressions, in the order of the network's outputs.
        image_size: side of an aligned image, px.
        shading_size: side of a shading image, px; it is not looked at.
        training: what training came to, by step, and what it chose.
        curves: learning curves as CSV by step.
    """

    model: str
    network: ComparedNetwork
    classes: tuple[str, ...]
    image_size: int
    shading_size: int
    training: Mapping[str, Any]
    curves: Mapping[str, str] = field(default_factory=dict)

    def predict(
        self, images: np.ndarray, landmarks: np.ndarray, reconstructed: np.ndarray | None = None
    ) -> np.ndarray:
        """Probabilities of the classes.

        Args:
            images: (N, S, S, 3) uint8, RGB, aligned.
            landmarks: (N, 68, 2 or 3) float32, px, image frame.
            reconstructed: (N,) bool, whether the landmarks were found; all by default.

        Returns:
            (N, C) float32, rows summing to 1.
        """
        if reconstructed is None:
            reconstructed = np.ones(len(images), dtype=bool)
        device = next(iter(self.network.state_dict().values())).device
        parts = []
        for start in range(0, len(images), BATCH):
            part = slice(start, start + BATCH)
            image = torch.from_numpy(np.ascontiguousarray(images[part])).to(device)
            probabilities = self.network.probabilities(
                image=image.movedim(-1, 1).float() / PIXEL_MAX,
                landmarks=torch.from_numpy(np.array(landmarks[part])).to(device),
                reconstructed=torch.from_numpy(np.array(reconstructed[part])).to(device),
            )
            parts.append(probabilities.float().cpu().numpy())
        return np.concatenate(parts)


def save_compared(fitted: ComparedModel, path: Path) -> None:
    """Write a trained model in one atomic step; equal ones give equal bytes."""
    about = {
        "model": fitted.model,
        "options": fitted.network.options,
        "classes": list(fitted.classes),
        "image_size": fitted.image_size,
        "shading_size": fitted.shading_size,
        "training": dict(fitted.training),
    }
    write_checkpoint(about, fitted.network, path)


def load_compared(path: Path, device: str | torch.device = "cpu") -> ComparedModel:
    """Read a trained model; nothing in the file is executed.

    Raises:
        UserError: the file is missing, or no compared model of this version, or its model is not
            registered.
    """
    about, state = read_checkpoint(path, device)
    if "model" not in about:
        raise UserError(f"{path} has the project's own network, not a compared model")
    network = model_of(about["model"]).build(len(about["classes"]), **about["options"])
    network.load_state_dict(state)
    return ComparedModel(
        about["model"],
        network.to(device).eval(),
        tuple(about["classes"]),
        about["image_size"],
        about["shading_size"],
        about["training"],
    )
