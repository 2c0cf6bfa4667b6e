"""Votes of annotators, or probabilities of the classes, in the columns of a list.

    path,label,votes_anger,votes_fear            path,label,p_anger,p_fear
    a.jpg,fear,1,9                               a.jpg,fear,0.1,0.9

The rest of a column's name is a label of the list. Other columns with such names are ignored. An
empty field is 0; a row of zeros has no votes.
"""

from collections.abc import Sequence, Set

import numpy as np
import pandas as pd

from fer3d.errors import UserError
from fer3d.files.labels import folded

PREFIXES = ("votes_", "p_")


def may_be_votes(column: str) -> bool:
    """Whether a column's name has one of ``PREFIXES``."""
    return column.strip().casefold().startswith(PREFIXES)


def vote_columns(columns: Sequence[str], labels: Set[str]) -> dict[str, str]:
    """The label of each column of votes; empty if there are no votes.

    Args:
        columns: of the list.
        labels: of its rows.

    Raises:
        UserError: a label has no column, or two.
    """
    known = {folded(label): label for label in labels}
    named = {name: folded(name.strip().partition("_")[2]) for name in filter(may_be_votes, columns)}
    found = {name: known[label] for name, label in named.items() if label in known}
    counts = {label: list(found.values()).count(label) for label in known.values()}
    wrong = sorted(label for label, count in counts.items() if count != 1)
    if found and wrong:
        amount = "two columns" if counts[wrong[0]] else "no column"
        raise UserError(f"{amount} of votes for {wrong[0]!r}: expected one for each label")
    return found


def votes_of_rows(table: pd.DataFrame, labels: dict[str, str]) -> list[dict[str, float] | None]:
    """The votes of each row, by label; None for a row of zeros.

    Args:
        table: N rows of text or numbers.
        labels: of the columns of votes, see ``vote_columns``.

    Raises:
        UserError: a value is not a number of 0 or more; the message names the row.
    """
    if not labels:
        return [None] * len(table)
    texts = table[list(labels)].astype(str).replace("", "0")
    numbers = texts.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    bad = ~(np.isfinite(numbers) & (numbers >= 0)).all(axis=1)
    if bad.any():
        raise UserError(f"row {bad.argmax() + 1} has votes that are not numbers of 0 or more")
    names = list(labels.values())
    return [dict(zip(names, row, strict=True)) if any(row) else None for row in numbers.tolist()]
