"""Noisy copies against scikit-image, called as in its documentation."""

from collections.abc import Iterator

import numpy as np
from skimage.util import img_as_ubyte, random_noise

from benchmarks import data
from benchmarks.pairs import Options, Pair
from fer3d.balancing.noise import NOISES, add_noise


def pairs(options: Options) -> Iterator[Pair]:
    images = data.read_rows(options.data / "align", options.images, "images")["images"]
    for noise in NOISES:
        rng = np.random.default_rng(0)
        yield Pair(
            f"noise, {noise.value}",
            "scikit-image",
            lambda noise=noise, rng=rng: [add_noise(image, noise, rng) for image in images],
            lambda noise=noise: [img_as_ubyte(random_noise(i, noise.value)) for i in images],
            len(images),
            len(images),
        )
