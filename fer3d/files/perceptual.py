"""Perceptual hash (64 bits) and grey thumbnail of an image, to compare similar images."""

import cv2
import numpy as np
from PIL import Image

SMALL, LARGE = 48, 96  # px, sides of thumbnails of small and large images


def perceptual_hash(image: np.ndarray) -> str:
    """The DCT hash of an image, 16 hexadecimal digits.

    The luminance is reduced to 32 x 32 px. Each of the 8 x 8 lowest frequencies of its discrete
    cosine transform gives one bit: whether it is above their median.

    Args:
        image: (H, W, 3) uint8, RGB.

    Source: `phash` of the package ImageHash, after Zauner, "Implementation and Benchmarking of
    Perceptual Image Hash Functions", 2010.
    """
    import imagehash  # slow: imports SciPy

    return str(imagehash.phash(Image.fromarray(image)))


def hash_values(hashes: list[str]) -> np.ndarray:
    """Hashes as integers, (N,) uint64."""
    return np.array([int(text, 16) for text in hashes], np.uint64)


def thumbnail(image: np.ndarray) -> np.ndarray:
    """The image in grey, (S, S) uint8, without keeping its aspect ratio.

    S is ``LARGE`` if both sides of the image are at least as long, else ``SMALL``.

    Args:
        image: (H, W, 3) uint8, RGB.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return resized(grey, LARGE if min(grey.shape) >= LARGE else SMALL)


def resized(grey: np.ndarray, side: int) -> np.ndarray:
    """A grey picture (H, W), reduced or enlarged to (side, side)."""
    method = cv2.INTER_AREA if min(grey.shape) >= side else cv2.INTER_LINEAR
    return cv2.resize(grey, (side, side), interpolation=method)
