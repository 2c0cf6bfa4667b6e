"""The three kinds of noise of the paper, as defined by scikit-image."""

from enum import StrEnum

import numpy as np
from skimage.util import random_noise

VARIANCE = 0.01  # of Gaussian and speckle noise, intensities in 0..1; scikit-image's default


class Noise(StrEnum):
    """Kinds of noise; the names are the modes of ``skimage.util.random_noise``."""

    POISSON = "poisson"
    SPECKLE = "speckle"
    GAUSSIAN = "gaussian"


NOISES = tuple(Noise)


def add_noise(image: np.ndarray, noise: Noise, rng: np.random.Generator) -> np.ndarray:
    """A noisy copy of an image, independent in every pixel and channel.

    With I in 0..1 and n normal with variance 0.01: Gaussian I + n, speckle I + n I, Poisson
    Pois(v I) / v, where v is the number of distinct intensities, rounded up to a power of two.

    Args:
        image: (H, W) or (H, W, C) uint8.

    Returns:
        The same shape, uint8, clipped to 0..255.

    Raises:
        ValueError: not uint8.

    Source: paper B, section 5 and table 4.
    """
    if image.dtype != np.uint8:
        raise ValueError(f"expected a uint8 image, got {image.dtype}")
    variance = {} if noise is Noise.POISSON else {"var": VARIANCE}
    noisy = random_noise(image, noise.value, rng=rng, clip=True, **variance)
    return np.rint(noisy * 255).astype(np.uint8)


def noise_generator(seed: int, sha1: str, noise: Noise) -> np.random.Generator:
    """The random generator of one noisy copy; it depends only on the arguments.

    Args:
        sha1: SHA-1 of the source file, hexadecimal.
    """
    return np.random.default_rng([seed, int(sha1, 16), NOISES.index(noise)])
