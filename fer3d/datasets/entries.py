"""What every layout is read into: one entry a file, with its label as the data set writes it."""

from dataclasses import dataclass

from fer3d.files.manifest import TEST, TRAIN, VALIDATION
from fer3d.labels import folded

# Names of official splits, as folders or in the split column of a list; case does not matter.
# `dev` is the speech and language word for it; the last two are FER2013's own (its Usage column).
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


@dataclass(frozen=True)
class Entry:
    """One image file of a data set, not opened yet.

    Attributes:
        path: POSIX, relative to the image root, or absolute where a list names it so.
        label: as the data set writes it.
        split: train, validation or test where the data set says so.
        subject: the person shown, where the data set says so.
    """

    path: str
    label: str
    split: str | None = None
    subject: str | None = None


def split_name(text: str) -> str | None:
    """``train``, ``validation`` or ``test`` for one of ``SPLIT_NAMES``, else None."""
    return SPLIT_NAMES.get(folded(text))
