"""RAF-DB, basic expressions (Li, Deng and Du 2017).

    EmoLabel/list_patition_label.txt      train_00001.jpg 5
    Image/aligned/train_00001_aligned.jpg
    Image/original/train_00001.jpg

These can also be in a subfolder ``basic``. Aligned images are preferred if both are there.
"""

from pathlib import Path

from fer3d.datasets.entries import Entry, split_name
from fer3d.datasets.layouts.reading import existing, lines_of, needed
from fer3d.errors import UserError

NAME = "raf-db"
LIST = "list_patition_label.txt"  # the data set's own spelling
LABELS = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")  # 1 .. 7
_TOPS = ("", "basic/")


def recognises(source: Path) -> bool:
    """Whether a folder has this layout, complete or not, or that of the compound expressions."""
    parts = [f"{top}{folder}" for top in _TOPS for folder in ("Image/aligned", "Image/original")]
    known = _list_of(source) or existing(source, *parts, f"compound/EmoLabel/{LIST}")
    return known is not None


def read(source: Path) -> list[Entry]:
    """Entries in the order of the list.

    Raises:
        UserError: compound expressions, an invalid line, or a missing list or image.
    """
    listed = _list_of(source)
    if listed is None:
        if not (source / "compound").exists():
            top = source / "basic" if (source / "basic").exists() else source
            raise UserError(f"{top / 'EmoLabel' / LIST} is missing: RAF-DB's labels")
        raise UserError(
            f"{source} has only RAF-DB's compound expressions: the basic ones are read "
            f"(basic/EmoLabel/{LIST})"
        )
    top = listed.parents[1] if listed.parent.name == "EmoLabel" else listed.parent
    images = existing(top, "Image/aligned", "Image/original", "aligned", "original")
    if images is None:
        raise UserError(f"{top / 'Image/aligned'} is missing: unpack the data set's aligned.zip")
    ending = "_aligned" if images.name == "aligned" else ""
    entries = [_entry(line, images, ending, source, listed) for line in lines_of(listed)]
    if not entries:
        raise UserError(f"{listed} is empty: it has RAF-DB's labels")
    needed(source / entries[0].path, f"{listed} names it")
    return entries


def _list_of(source: Path) -> Path | None:
    return existing(
        source, *(f"{top}{folder}{LIST}" for top in _TOPS for folder in ("EmoLabel/", ""))
    )


def _entry(line: str, images: Path, ending: str, source: Path, listed: Path) -> Entry:
    name, _, number = line.partition(" ")
    if not number.strip().isdecimal():
        raise UserError(f"{listed}: expected `train_00001.jpg 5` in each line, got {line!r}")
    if not 1 <= int(number) <= len(LABELS):
        raise UserError(
            f"{listed}: unknown label {number}; expected RAF-DB's basic expressions, 1 to "
            f"{len(LABELS)} (the list of compound expressions has labels up to 11)"
        )
    image = Path(name)
    path = images / f"{image.stem}{ending}{image.suffix}"
    split = split_name(name.partition("_")[0])
    return Entry(path.relative_to(source).as_posix(), LABELS[int(number) - 1], split)
