"""Pictures as files."""

from pathlib import Path

import numpy as np

from fer3d.files.images import encode_png


def write_png(path: Path, image: np.ndarray) -> None:
    """Write an image (H, W, 3) or (H, W) uint8 as PNG; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(image))
