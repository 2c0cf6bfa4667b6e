"""The packed folders used in training and evaluation."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folders:
    """Packed folders with the same rows, from ``balance``, ``reconstruct`` and ``relight``."""

    images: Path  # images (N, S, S, 3) uint8
    faces: Path  # landmarks_image (N, 68, 2 or 3) float32; `reconstructed` in the manifest;
    # also vertices_face (N, V, 3) float32 and features (N, 2, F) float16, if the network has
    # branches for these
    shadings: Path  # shading (N, S, S) uint8
