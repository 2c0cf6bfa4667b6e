"""AffectNet (Mollahosseini, Hasani and Mahoor 2017), in both releases.

With CSV lists of paths relative to ``Manually_Annotated_Images``:

    training.csv        subDirectory_filePath,...,expression,...
    validation.csv
    Manually_Annotated_Images/689/737db2483489148d.jpg

With one annotation file per image:

    train_set/images/0.jpg          train_set/annotations/0_exp.npy
    val_set/images/12.jpg           val_set/annotations/12_exp.npy

Images annotated as none, uncertain or no-face are left out, with these reasons.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.datasets.entries import Entry, LeftOut, split_name
from fer3d.datasets.layouts.reading import existing, images_in, needed
from fer3d.errors import UserError

NAME = "affectnet"
LABELS = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
LEFT_OUT = {"8": LeftOut.NO_EXPRESSION, "9": LeftOut.UNCERTAIN, "10": LeftOut.NO_FACE}
LISTS = ("training.csv", "validation.csv")
IMAGES = ("Manually_Annotated_Images", "Manually_Annotated/Manually_Annotated_Images", ".")
SETS = ("train_set", "val_set")
_PATH, _EXPRESSION = "subDirectory_filePath", "expression"


def recognises(source: Path) -> bool:
    """Whether a folder has one of the two releases, complete or not."""
    parts = [f"{name}/{part}" for name in SETS for part in ("annotations", "images")]
    return existing(source, *parts, *IMAGES[:-1]) is not None


def read(source: Path) -> list[Entry]:
    """Entries of both splits.

    Raises:
        UserError: a list, an image folder or an annotation is missing, or a label is invalid.
    """
    sets = [name for name in SETS if (source / name).exists()]
    if sets:
        return [entry for name in sets for entry in _annotated(source, name)]
    images = existing(source, *IMAGES)
    lists = [needed(source / name, "AffectNet has a list for each split") for name in LISTS]
    return [entry for path in lists for entry in _listed(path, images or source, source)]


def _listed(path: Path, images: Path, source: Path) -> list[Entry]:
    try:
        table = pd.read_csv(path, usecols=[_PATH, _EXPRESSION], dtype={_PATH: str})
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is not a list of AffectNet: {reason}") from None
    top = images.relative_to(source)
    split = split_name(path.stem)
    rows = zip(table[_PATH], table[_EXPRESSION], strict=True)
    return [_entry((top / name).as_posix(), number, split, path) for name, number in rows]


def _annotated(source: Path, name: str) -> list[Entry]:
    images = needed(source / name / "images", "AffectNet has the images of a split there")
    folder = needed(source / name / "annotations", "AffectNet has the labels of a split there")
    split = split_name(name.partition("_")[0])
    entries = []
    for image in images_in(images):
        file = needed(folder / f"{image.stem}_exp.npy", f"it is the label of {image}")
        path = image.relative_to(source).as_posix()
        entries.append(_entry(path, _number(file), split, file))
    return entries


def _entry(path: str, number: object, split: str | None, file: Path) -> Entry:
    """The entry of an image with a number that a file annotates it with."""
    reason = LEFT_OUT.get(str(number))
    return Entry(path, "" if reason else _label(number, file), split, left_out=reason)


def _number(file: Path) -> object:
    try:
        return np.load(file, allow_pickle=False).item()
    except (OSError, ValueError) as error:
        raise UserError(f"{file} is not a NumPy file with a number: {error}") from None


def _label(number: object, file: Path) -> str:
    try:
        return LABELS[int(str(number))]
    except (ValueError, IndexError):
        last = len(LABELS) - 1
        raise UserError(f"{file}: expected an expression of 0 to {last}, got {number!r}") from None
