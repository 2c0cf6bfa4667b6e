"""The packed folders that a recognizer is trained and evaluated on."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folders:
    """Packed folders with the same rows: of ``balance``, ``reconstruct`` and ``relight``."""

    images: Path  # images (N, S, S, 3) uint8
    faces: Path  # landmarks_image (N, 68, 2 or 3) float32; `reconstructed` in the manifest;
    # vertices_face (N, V, 3) float32 too, where a network sees them
    shadings: Path  # shading (N, S, S) uint8
