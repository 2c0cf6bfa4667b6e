"""Noisy copies against scikit-image, called as in its documentation."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from skimage.util import img_as_ubyte, random_noise

from benchmarks import data
from benchmarks.pairs import Options, Pair
from fer3d.balancing.noise import NOISES, Noise, add_noise


def pairs(options: Options) -> Iterator[Pair]:
    images = data.read_rows(options.data / "align", options.images, "images")["images"]
    for noise in NOISES:
        yield Pair(
            f"noise, {noise.value}",
            "scikit-image",
            partial(_ours, images, noise, np.random.default_rng(0)),
            partial(_peer, images, noise),
            len(images),
            len(images),
        )


def _ours(images: np.ndarray, noise: Noise, rng: np.random.Generator) -> None:
    for image in images:
        add_noise(image, noise, rng)


def _peer(images: np.ndarray, noise: Noise) -> None:
    for image in images:
        img_as_ubyte(random_noise(image, noise.value))
