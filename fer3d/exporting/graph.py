"""The part of a recognizer that is exported: from what the stages keep of a face to probabilities.

Scaling of pixels, distances between landmarks and their standardization, the network, calibration
and softmax are in it; detection and 3D reconstruction are not.
"""

import numpy as np
import torch
from torch import Tensor, nn

from fer3d.networks.branches.landmark import POINTS
from fer3d.networks.inputs import to_inputs
from fer3d.training.checkpoint import TrainedNetwork

OUTPUT = "probabilities"
BATCH = "batch"  # name of the first dimension, of any size


class FaceGraph(nn.Module):
    """Arrays of aligned faces, in the order of ``input_names``, to probabilities."""

    def __init__(self, trained: TrainedNetwork):
        super().__init__()
        self.network = trained.network
        self.names = input_names(trained)

    def forward(self, *arrays: Tensor) -> Tensor:
        """See ``random_faces`` for shapes and dtypes; returns (B, C) float32, rows summing to 1."""
        return self.network.probabilities(**to_inputs(dict(zip(self.names, arrays, strict=True))))


def input_names(trained: TrainedNetwork) -> tuple[str, ...]:
    """Inputs of the branches that are on; ``reconstructed`` with any but the base branch."""
    config = trained.network.config
    inputs = {
        "image": config.base,
        "shading": config.shading,
        "landmarks": config.landmark,
        "vertices": config.vertices,
        "features": config.features,
        "reconstructed": config.branches != ("base",),
    }
    return tuple(name for name, used in inputs.items() if used)


def random_faces(trained: TrainedNetwork, count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Inputs of the graph without meaning, to compare implementations on.

    Returns:
        image (B, S, S, 3) and shading (B, T, T) uint8, landmarks (B, 68, 2) float32 px, vertices
        (B, V, 3) float32 cm, features (B, 2, F) float16, reconstructed (B,) bool; of these
        ``input_names``.
    """
    rng = np.random.default_rng(seed)
    size, shading = trained.image_size, trained.shading_size
    arrays = {
        "image": rng.integers(0, 256, (count, size, size, 3), np.uint8),
        "shading": rng.integers(0, 256, (count, shading, shading), np.uint8),
        "landmarks": rng.uniform(0, size, (count, POINTS, 2)).astype(np.float32),
        "vertices": rng.normal(0, 5, (count, trained.vertices, 3)).astype(np.float32),
        "features": rng.normal(0, 1, (count, 2, trained.features)).astype(np.float16),
        "reconstructed": rng.random(count) < 0.9,
    }
    return {name: arrays[name] for name in input_names(trained)}


def trace(trained: TrainedNetwork) -> torch.export.ExportedProgram:
    """The graph by ``torch.export``, for batches of any size."""
    examples = [torch.from_numpy(array) for array in random_faces(trained, 2).values()]
    any_size = tuple({0: torch.export.Dim(BATCH)} for _ in examples)
    with torch.no_grad():
        return torch.export.export(FaceGraph(trained), tuple(examples), dynamic_shapes=(any_size,))
