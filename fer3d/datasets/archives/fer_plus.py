"""FER+ (Barsoum et al. 2016): votes of ten annotators for the images of FER2013.

    fer2013.csv          FER2013's table of pixels, or icml_face_data.csv
    fer2013new.csv       beside it, with the same rows

    Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF
    Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0

As in FER+'s own code, a single vote does not count, and an image whose votes have no majority, or
whose majority is `unknown` or `NF` (not a face), is left out. The label is that of the majority.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from fer3d.datasets.archives import fer2013
from fer3d.datasets.entries import Entry, LeftOut
from fer3d.datasets.layouts.reading import needed
from fer3d.errors import UserError

NAME = "fer+"
VOTES = "fer2013new.csv"
LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
UNKNOWN, NO_FACE = "unknown", "NF"
SINGLE = 1  # fewer or as many votes are taken for a mistake


def recognises(source: Path) -> bool:
    """Whether a source is FER2013's table, or has it, with the votes beside it; or these alone."""
    if fer2013.recognises(source):
        return _votes_beside(source).exists()
    return (source / VOTES).exists()


def containers(source: Path) -> list[Path]:
    """The table of pixels, and that of votes.

    Raises:
        UserError: one of them is missing.
    """
    return [*fer2013.containers(source), needed(_votes_beside(source), "FER+'s votes")]


def records(source: Path) -> Iterator[tuple[Entry, bytes]]:
    """Images in the order of the tables.

    Raises:
        UserError: a table is broken, a column is missing, or the tables have different rows.
    """
    table, beside = containers(source)
    votes = _read_votes(beside)
    count = 0
    for number, row in enumerate(fer2013.rows(table)):
        if number == len(votes):
            raise UserError(f"{beside} has {len(votes)} rows, {table.name} has more")
        split = fer2013.split_of(row, number, table)
        yield _entry(number, votes[number], split), fer2013.image_file(row["pixels"])
        count = number + 1
    if count < len(votes):
        raise UserError(f"{beside} has {len(votes)} rows, {table.name} has {count}")


def _votes_beside(source: Path) -> Path:
    return fer2013.containers(source)[0].with_name(VOTES)


def _read_votes(path: Path) -> list[dict[str, int]]:
    names = [*LABELS, UNKNOWN, NO_FACE]
    try:
        table = pd.read_csv(path, usecols=names, dtype="int64", encoding="utf-8-sig")
        if not table.isin(range(256)).to_numpy().all():
            raise ValueError("a number of votes is negative or too large")
    except (ValueError, OverflowError) as error:
        raise UserError(f"{path} is not FER+'s table: {' '.join(str(error).split())}") from None
    counts = table[names].to_numpy().tolist()
    return [dict(zip(names, row, strict=True)) for row in counts]


def _entry(number: int, votes: dict[str, int], split: str | None) -> Entry:
    counted = {name: count if count > SINGLE else 0 for name, count in votes.items()}
    first = max(counted, key=counted.__getitem__)
    reasons = {UNKNOWN: LeftOut.UNCERTAIN, NO_FACE: LeftOut.NO_FACE}
    majority = 2 * counted[first] > sum(counted.values())
    reason = reasons.get(first) if majority else LeftOut.NO_MAJORITY
    if reason:
        return Entry(fer2013.image_path(number), "", split, left_out=reason)
    known = {name: float(counted[name]) for name in LABELS}
    return Entry(fer2013.image_path(number), first, split, votes=known)
