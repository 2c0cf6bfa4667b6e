"""From the labels that a data set writes to the classes that are taken."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fer3d.datasets.entries import Entry
from fer3d.errors import UserError
from fer3d.files.labels import folded, one_spelling
from fer3d.files.manifest import check_two_classes


def rename_classes(entries: Sequence[Entry], class_names: Mapping[str, str]) -> list[Entry]:
    """Entries with the labels' usual names; case does not matter.

    A label that is neither a key nor a value of ``class_names`` is kept, in the one spelling of
    ``fer3d.files.labels.one_spelling``.

    Raises:
        UserError: two classes differ in case only.
    """
    names = {folded(name): one_spelling(name) for name in class_names.values()}
    names |= {folded(alias): one_spelling(name) for alias, name in class_names.items()}
    labels = {label: one_spelling(label) for label in {entry.label for entry in entries}}
    labels = {label: names.get(folded(label), spelled) for label, spelled in labels.items()}
    renamed = [replace(entry, label=labels[entry.label]) for entry in entries]
    _check_spelling({entry.label for entry in renamed})
    return renamed


def choose_classes(
    entries: Sequence[Entry], classes: Sequence[str] | None
) -> tuple[list[Entry], list[Entry]]:
    """The entries of the classes to take, and the others.

    Args:
        entries: with the names of classes, see ``rename_classes``.
        classes: to take; empty or None: all.

    Raises:
        UserError: a class has no entry, or the entries to take are all of one.
    """
    classes = [one_spelling(name) for name in classes or ()]
    there = {entry.label for entry in entries}
    if missing := sorted(set(classes) - there):
        raise UserError(
            f"ingest.classes names {_listed(missing)}, which no image has: wanted "
            f"{_listed(classes)}; found {_listed(sorted(there))} (after ingest.class_names)"
        )
    taken = set(classes or there)
    wanted = [entry for entry in entries if entry.label in taken]
    check_two_classes([entry.label for entry in wanted])
    return wanted, [entry for entry in entries if entry.label not in taken]


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
