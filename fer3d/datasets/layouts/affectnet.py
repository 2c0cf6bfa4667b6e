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
from tokenize import TokenError

import numpy as np
import pandas as pd

from fer3d.datasets.entries import Entry, LeftOut, split_name
from fer3d.datasets.layouts.reading import class_number, existing, images_in, needed
from fer3d.errors import UserError

NAME = "affectnet"
LABELS = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
LEFT_OUT = (LeftOut.NO_EXPRESSION, LeftOut.UNCERTAIN, LeftOut.NO_FACE)  # 8, 9, 10
LISTS = ("training.csv", "validation.csv")
IMAGES = ("Manually_Annotated_Images", "Manually_Annotated/Manually_Annotated_Images")
SETS = ("train_set", "val_set")
_PATH, _EXPRESSION = "subDirectory_filePath", "expression"


def recognises(source: Path) -> bool:
    """Whether a folder has one of the two releases, complete or not."""
    parts = [f"{name}/{part}" for name in SETS for part in ("annotations", "images")]
    lists = (path for path in (source / name for name in LISTS) if path.is_file())
    return existing(source, *parts, *IMAGES) is not None or any(map(_is_list, lists))


def read(source: Path) -> list[Entry]:
    """Entries of both splits.

    Raises:
        UserError: a list, an image folder or an annotation is missing, or a label is invalid.
    """
    if existing(source, *SETS):
        return [entry for name in SETS for entry in _annotated(source, name)]
    lists = [needed(source / name, "AffectNet has a list for each split") for name in LISTS]
    images = existing(source, *IMAGES) or source
    entries = [entry for path in lists for entry in _listed(path, images, source)]
    if images == source and entries and not (source / entries[0].path).exists():
        raise UserError(f"{source / IMAGES[0]} is missing: AffectNet's lists name images there")
    return entries


def _is_list(path: Path) -> bool:
    """Whether a file begins like a list of AffectNet."""
    with path.open("rb") as content:
        return _PATH.encode() in content.readline(1000)


def _listed(path: Path, images: Path, source: Path) -> list[Entry]:
    try:
        table = pd.read_csv(
            path, usecols=[_PATH, _EXPRESSION], dtype=str, keep_default_na=False
        ).fillna("")
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is not a list of AffectNet: {reason}") from None
    top = images.relative_to(source)
    split = split_name(path.stem)
    if (table[_PATH] == "").any():
        raise UserError(f"{path}: row {(table[_PATH] == '').argmax() + 1} has no image")
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
    named = class_number(number, len(LABELS) + len(LEFT_OUT), file)
    if named >= len(LABELS):
        return Entry(path, "", split, left_out=LEFT_OUT[named - len(LABELS)])
    return Entry(path, LABELS[named], split)


def _number(file: Path) -> object:
    try:
        with file.open("rb") as content:
            return np.lib.format.read_array(content, allow_pickle=False).item()
    except (OSError, ValueError, EOFError, TokenError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{file} is not a NumPy file with a number: {reason}") from None
