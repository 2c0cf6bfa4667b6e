"""Checks that images can be split by class, with an error message that proposes a remedy."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil

import pandas as pd

from fer3d.errors import UserError
from fer3d.files.manifest import TRAIN
from fer3d.splitting.params import SplitParams

STEPS = 1000  # a proposed fraction is a multiple of 1 / STEPS


@dataclass(frozen=True)
class Division:
    """Images to be divided into train and other splits.

    Attributes:
        labels: class of each image.
        parts: the splits to hold out, test before validation.
        params: their fractions.
    """

    labels: pd.Series
    parts: Sequence[str]
    params: SplitParams

    def per_class(self) -> int:
        """Number of images with which a class can be split in any random order."""
        if len(self.parts) < 2:
            return 2
        images, folds = len(self.labels), self.params.folds
        held = min(ceil(self.params.test_fraction * images), images - 1)
        tested, of = (1, folds) if folds else (held, images)
        return next(n for n in count(2) if n - ceil(n * tested / of) >= 2)  # left for validation


def check_divisible(labels: pd.Series, fraction: float, name: str, whole: Division) -> None:
    """Check that a stratified split is possible: two images per class, all classes on both sides.

    Args:
        labels: labels of the images that are not held out yet.
        fraction: fraction of them to hold out now.
        name: the split that they are held out for.
        whole: all images, with the splits held out before and after this one.

    Raises:
        UserError: not possible; the message names a class that is too small, or a fraction that
            works.
    """
    counts = labels.value_counts()
    if len(counts) and counts.min() < 2:
        label = min(counts.index[counts < 2])
        images = int((whole.labels == label).sum())
        raise UserError(
            f"class {label!r} has {images} image{'s' * (images != 1)} to split into "
            f"{_listed([TRAIN, *whole.parts])}, at least {whole.per_class()} are needed: add "
            "images, or leave the class out by ingest.classes"
        )
    classes = max(len(counts), 1)
    held = ceil(fraction * len(labels))
    if min(held, len(labels) - held) < classes:
        raise UserError(
            f"{len(labels)} images of {len(counts)} classes are too few to hold out a fraction of "
            f"{fraction} for {name} with each class on both sides: "
            + _remedy(len(labels), classes, fraction, name, whole)
        )


def _remedy(images: int, classes: int, fraction: float, name: str, whole: Division) -> str:
    sides = 2 + len(whole.parts[whole.parts.index(name) + 1 :])
    possible = [
        step / STEPS
        for step in range(1, STEPS)
        if classes <= ceil(step / STEPS * images) <= images - classes * (sides - 1)
    ]
    if possible:
        nearest = min(possible, key=lambda value: abs(value - fraction))
        return f"set split.{name}_fraction to {nearest}, or add images"
    return f"at least {classes * sides} are needed; add images"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
