"""The entries that every layout is read into: one per image file, with its original label."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Entry:
    """One image file of a data set; it has not been opened.

    Attributes:
        path: POSIX path, relative to the image root, or absolute if the list gives it so.
        label: as written in the data set.
        split: official split (train, validation or test), if any.
        subject: the person shown, if known.
    """

    path: str
    label: str
    split: str | None = None
    subject: str | None = None


def split_name(text: str) -> str | None:
    """``train``, ``validation`` or ``test`` for a name in ``SPLIT_NAMES``, else None."""
    return SPLIT_NAMES.get(folded(text))
