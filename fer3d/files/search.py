"""The image files of a folder, and what else is in it."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fer3d.errors import printable
from fer3d.files.images import suffixes
from fer3d.files.visible import is_visible

SHOWN = 3  # names in a message


@dataclass(frozen=True)
class Search:
    """What is in a folder, at any depth.

    Attributes:
        images: files with the suffix of an image, sorted.
        others: other files, sorted.
        skipped: folders that are not searched, with the reason.
    """

    images: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    skipped: dict[Path, str] = field(default_factory=dict)

    def passed_over(self) -> Iterator[str]:
        """A line for the other files, and one for each folder that is not searched."""
        for folder, reason in self.skipped.items():
            yield f"{printable(folder)} is passed over: {reason}"
        if self.others:
            names = ", ".join(printable(path) for path in self.others[:SHOWN])
            more = ", ..." if len(self.others) > SHOWN else ""
            count = "1 file" if len(self.others) == 1 else f"{len(self.others)} files"
            yield f"{count} without the suffix of an image: passed over ({names}{more})"


def search(folder: Path) -> Search:
    """Search a folder, without hidden files and those of other programs; links are followed."""
    found, todo = Search(), [(folder, frozenset[tuple[int, int]]())]
    while todo:
        place, above = todo.pop()
        try:
            status = place.stat()
            children = [place / name for name in os.listdir(place) if is_visible(name)]
        except OSError as error:
            found.skipped[place] = error.strerror or str(error)
            continue
        mark = status.st_dev, status.st_ino
        if mark in above:
            found.skipped[place] = "a link to a folder that contains it"
            continue
        folders = [child for child in children if os.path.isdir(child)]
        todo += [(child, above | {mark}) for child in folders]
        _sort_in(set(children) - set(folders), found)
    found.images.sort()
    found.others.sort()
    return found


def _sort_in(files: Iterable[Path], found: Search) -> None:
    for file in files:
        (found.images if file.suffix.lower() in suffixes() else found.others).append(file)
