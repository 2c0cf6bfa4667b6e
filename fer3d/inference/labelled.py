"""A recognizer's answers to labelled photos, and their scores."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fer3d.datasets.classes import rename_classes
from fer3d.datasets.entries import Entry
from fer3d.datasets.layout import Layout
from fer3d.errors import UserError, printable
from fer3d.evaluation import PROBABILITY
from fer3d.evaluation.predictions import confusion_of, evaluate_split
from fer3d.evaluation.scores import scores

if TYPE_CHECKING:
    from fer3d.inference.batches import Answered

# The images of a table of scores. A face that is not found costs an answer in the first alone.
EVERY_IMAGE = "every_image"  # an image that is unreadable, or without a face, is a wrong answer
WITH_FACE = "with_face"  # images in which a face was found
AS_ANSWERED = "as_answered"  # readable images; one without a face is classified as a whole


@dataclass(frozen=True)
class LabelledPhotos:
    """Photos of a data set whose classes a recognizer knows.

    Attributes:
        paths: the image files.
        labels: class of each.
        left_out: number of images that are not used, by reason or class.
    """

    paths: list[Path]
    labels: list[str]
    left_out: Mapping[str, int]


def labelled_photos(
    found: Layout,
    source: Path,
    class_names: Mapping[str, str],
    classes: Sequence[str],
    split: str | None = None,
) -> LabelledPhotos:
    """The photos of a data set that a recognizer can be scored on.

    Args:
        found: the entries of the data set, see ``fer3d.datasets.layout.read_layout``.
        source: where they come from, for messages.
        class_names: labels of the data set to classes.
        classes: of the recognizer; images of others are left out.
        split: official split to use; None: all.

    Raises:
        UserError: it has no such split, or no image of one of the classes.
    """
    entries = rename_classes(found.entries, class_names)
    if split is not None:
        entries = _of_split(entries, split, source)
    used = [entry for entry in entries if not entry.left_out and entry.label in classes]
    if not used:
        chosen = f" in the split {split}" if split else ""
        raise UserError(
            f"{source} has no image of {', '.join(classes)}{chosen}: map its labels to these, "
            "for example with --rename happy=happiness"
        )
    left_out = Counter(
        str(entry.left_out or entry.label)
        for entry in entries
        if entry.left_out or entry.label not in classes
    )
    return LabelledPhotos(
        [found.root / entry.path for entry in used],
        [entry.label for entry in used],
        dict(sorted(left_out.items())),
    )


def _of_split(entries: Sequence[Entry], split: str, source: Path) -> list[Entry]:
    chosen = [entry for entry in entries if entry.split == split]
    if not chosen:
        there = sorted({entry.split for entry in entries if entry.split})
        others = f", it has {', '.join(there)}" if there else ""
        raise UserError(f"{source} has no official split {split!r}{others}: leave out --split")
    return chosen


def answers_table(photos: LabelledPhotos, answers: "Iterable[Answered]") -> pd.DataFrame:
    """One row per photo, in their order.

    Returns:
        Columns image, label, face (bool, whether one was found), problem (text; "" of a readable
        image), predicted ("" of an unreadable one), and p_<class> float32 for each class.
    """
    rows = []
    for path, label, (answer, classes) in zip(photos.paths, photos.labels, answers, strict=True):
        row = {"image": printable(path), "label": label, "problem": answer.problem}
        face = answer.faces[0] if answer.faces else None
        known = face.probabilities if face else dict.fromkeys(classes, 0.0)
        rows.append(
            row
            | {"face": bool(face and face.box), "predicted": face.expression if face else ""}
            | {f"{PROBABILITY}{name}": np.float32(known[name]) for name in classes}
        )
    return pd.DataFrame(rows)


def labelled_scores(table: pd.DataFrame, classes: Sequence[str]) -> dict[str, Any]:
    """Scores of ``answers_table``.

    Returns:
        images, no_face and unreadable (numbers of images), and for ``EVERY_IMAGE``, ``WITH_FACE``
        and ``AS_ANSWERED`` what ``scores`` gives; for the last two, as far as they have images,
        also the calibration.
    """
    readable = table["problem"] == ""
    subsets = {WITH_FACE: table[table["face"]], AS_ANSWERED: table[readable]}
    judged = {name: evaluate_split(part, classes) for name, part in subsets.items() if len(part)}
    lost = table.loc[~table["face"], "label"].value_counts()
    missed = np.array([lost.get(name, 0) for name in classes])
    return {
        "images": len(table),
        "no_face": int((readable & ~table["face"]).sum()),
        "unreadable": int((~readable).sum()),
        EVERY_IMAGE: scores(confusion_of(table[table["face"]], classes), classes, missed),
        **judged,
    }
