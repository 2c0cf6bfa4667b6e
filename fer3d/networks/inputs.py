"""Converts stored arrays to the inputs of the network."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

PIXEL_MAX = 255
MAX_VERTICES = 1024  # of a denser mesh every n-th is taken


def to_inputs(batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The arguments of ``FusionNetwork.forward``, on the batch's device.

    Args:
        batch: some of image (B, S, S, 3) uint8 RGB, shading (B, S, S) uint8, landmarks
            (B, 68, 2 or 3) float32 in px of the image frame, reconstructed (B,) bool, vertices
            (B, V, 3) float32 in cm of the face frame, features (B, 2, F) float16; other keys are
            ignored.

    Returns:
        image (B, 3, S, S) and shading (B, 1, S, S) float32 in [0, 1]; the others unchanged.
    """
    return input_fractions(raw_inputs(batch))


def raw_inputs(batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """As ``to_inputs``, but image and shading stay uint8: to be reduced, which is faster so."""
    names = ("landmarks", "reconstructed", "vertices", "features")
    inputs = {name: batch[name] for name in names if name in batch}
    if "image" in batch:
        inputs["image"] = batch["image"].movedim(-1, 1)
    if "shading" in batch:
        inputs["shading"] = batch["shading"][:, None]
    return inputs


def input_fractions(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inputs, with all pixels as float32 in [0, 1]."""
    return {name: fractions(values) for name, values in inputs.items()}


def fractions(values: Tensor) -> Tensor:
    """Pixels of uint8 as float32 in [0, 1]; other tensors as they are."""
    return values.float() / PIXEL_MAX if values.dtype == torch.uint8 else values


def sparse_vertices(vertices: np.ndarray) -> np.ndarray:
    """The vertices that the network sees: all of facemesh's 468, every n-th of a denser mesh.

    Args:
        vertices: (..., V, 3) float32.

    Returns:
        (..., W, 3), W at most ``MAX_VERTICES``, a view.
    """
    step = -(-vertices.shape[-2] // MAX_VERTICES)
    return vertices[..., ::step, :]
