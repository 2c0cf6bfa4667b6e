"""The entries that every layout is read into: one per image file, with its original label."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fer3d.files.labels import folded
from fer3d.files.manifest import TEST, TRAIN, VALIDATION

# Names of official splits, as folders or in the split column of a list; case is ignored.
# `dev` is common in speech and language; the last two are FER2013's (column Usage).
SPLIT_NAMES = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
    "publictest": VALIDATION,
    "privatetest": TEST,
}


class LeftOut(StrEnum):
    """Why an image is left out without opening it."""

    OTHER_CLASS = "other_class"  # not one of ingest.classes
    NO_LABEL = "no_label"  # not annotated
    NO_EXPRESSION = "no_expression"  # annotated as a face with none of the classes
    UNCERTAIN = "uncertain"  # the annotators were not sure
    NO_MAJORITY = "no_majority"  # no class has more than half of the annotators' votes
    NO_FACE = "no_face"  # annotated as not a face


@dataclass(frozen=True)
class Entry:
    """One image file of a data set; it has not been opened.

    Attributes:
        path: POSIX path, relative to the image root, or absolute if the list gives it so.
        label: as written in the data set; "" if it has none.
        split: official split (train, validation or test), if any.
        subject: the person shown, if known.
        left_out: why the image is not used; None if it is.
        votes: of the annotators, by class, 0 or more each and not all 0; or probabilities of the
            classes. None where they are not known.
    """

    path: str
    label: str
    split: str | None = None
    subject: str | None = None
    left_out: LeftOut | None = None
    votes: Mapping[str, float] | None = None


def split_name(text: str) -> str | None:
    """``train``, ``validation`` or ``test`` for a name in ``SPLIT_NAMES``, else None."""
    return SPLIT_NAMES.get(folded(text))
