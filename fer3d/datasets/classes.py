"""From the labels that a data set writes to the classes that are taken."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from fer3d.datasets.entries import Entry, LeftOut
from fer3d.errors import UserError
from fer3d.files.labels import folded, one_spelling
from fer3d.files.manifest import check_two_classes


def rename_classes(entries: Sequence[Entry], class_names: Mapping[str, str]) -> list[Entry]:
    """Entries with the labels' usual names; case does not matter.

    A label that is neither a key nor a value of ``class_names`` is kept, in the one spelling of
    ``fer3d.files.labels.one_spelling``. Votes for names of one class are added up. Entries that are
    left out stay as they are.

    Raises:
        UserError: two classes differ in case only.
    """
    names = {folded(name): one_spelling(name) for name in class_names.values()}
    names |= {folded(alias): one_spelling(name) for alias, name in class_names.items()}
    labels = {label: one_spelling(label) for label in _labels(entries)}
    labels = {label: names.get(folded(label), spelled) for label, spelled in labels.items()}
    _check_spelling(set(labels.values()))
    names |= {folded(label): label for label in labels.values()}  # votes have no other spelling
    return [
        entry
        if entry.left_out
        else replace(entry, label=labels[entry.label], votes=_renamed(entry.votes, names))
        for entry in entries
    ]


def choose_classes(
    entries: Sequence[Entry], classes: Sequence[str] | None
) -> tuple[list[Entry], list[Entry]]:
    """The entries of the classes to take, and those that are left out.

    Votes for other classes are removed.

    Args:
        entries: with the names of classes, see ``rename_classes``.
        classes: to take; empty or None: all.

    Raises:
        UserError: no entry has a label, a class has no entry, or the entries to take are all of
            one class.
    """
    classes = [one_spelling(name) for name in classes or ()]
    there = _labels(entries)
    if not there:
        raise UserError(f"none of the {len(entries)} images has a label")
    if missing := sorted(set(classes) - there):
        raise UserError(
            f"ingest.classes names {_listed(missing)}, which no image has: wanted "
            f"{_listed(classes)}; found {_listed(sorted(there))} (after ingest.class_names)"
        )
    taken = set(classes or there)
    wanted, others = [], []
    for entry in entries:
        if entry.left_out:
            others.append(entry)
        elif entry.label in taken:
            wanted.append(replace(entry, votes=_votes_for(entry.votes, taken)))
        else:
            others.append(replace(entry, left_out=LeftOut.OTHER_CLASS, votes=None))
    check_two_classes([entry.label for entry in wanted])
    return wanted, others


def _labels(entries: Sequence[Entry]) -> set[str]:
    return {entry.label for entry in entries if not entry.left_out}


def _renamed(
    votes: Mapping[str, float] | None, names: Mapping[str, str]
) -> dict[str, float] | None:
    if votes is None:
        return None
    sums: dict[str, float] = {}
    for name, count in votes.items():
        label = names.get(folded(name)) or one_spelling(name)
        sums[label] = sums.get(label, 0) + count
    return sums


def _votes_for(votes: Mapping[str, float] | None, taken: Set[str]) -> dict[str, float] | None:
    left = {name: votes[name] for name in sorted(taken & votes.keys())} if votes else {}
    return left if any(left.values()) else None


def _check_spelling(labels: set[str]) -> None:
    known: dict[str, str] = {}
    for label in sorted(labels):
        other = known.setdefault(folded(label), label)
        if other != label:
            raise UserError(
                f"the classes {other!r} and {label!r} differ only in how they are written: add "
                f"`{folded(label)}: {folded(label)}` to ingest.class_names to make them one"
            )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
