"""What similar pictures have in common: a hash of 64 bits, and a small grey thumbnail."""

import cv2
import numpy as np
from PIL import Image

HEX_DIGITS = 16  # of a hash in a manifest
SIDE = 48  # px of a thumbnail


def perceptual_hash(image: np.ndarray) -> str:
    """The DCT hash of a picture, 16 hexadecimal digits.

    The luminance is reduced to 32 x 32 px; of its discrete cosine transform the 8 x 8 lowest
    frequencies each give a bit: above their median or not.

    Args:
        image: (H, W, 3) uint8, RGB.

    Source: `phash` of the package ImageHash, after Zauner, "Implementation and Benchmarking of
    Perceptual Image Hash Functions", 2010.
    """
    import imagehash  # brings SciPy

    return str(imagehash.phash(Image.fromarray(image)))


def hash_values(hashes: list[str]) -> np.ndarray:
    """Hashes as numbers, (N,) uint64, whose bits can be compared."""
    return np.array([int(text, 16) for text in hashes], np.uint64)


def thumbnail(image: np.ndarray) -> np.ndarray:
    """A picture in grey, (48, 48) uint8, whatever its proportions.

    Args:
        image: (H, W, 3) uint8, RGB.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.INTER_AREA if min(grey.shape) >= SIDE else cv2.INTER_LINEAR
    return cv2.resize(grey, (SIDE, SIDE), interpolation=small)
