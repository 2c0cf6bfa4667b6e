"""Recognizes the layout of a source: class folders, a list, or a public data set."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer3d.datasets.entries import Entry
from fer3d.datasets.folder import read_folder
from fer3d.datasets.layouts import aff_wild2, affectnet, ck_plus, jaffe, oulu_casia, raf_db
from fer3d.datasets.table import SUFFIXES, read_table
from fer3d.errors import UserError

AUTO, FOLDERS, LIST = "auto", "folders", "list"
DATA_SETS: tuple[Any, ...] = (raf_db, ck_plus, oulu_casia, affectnet, aff_wild2, jaffe)
NAMES = (AUTO, FOLDERS, LIST, *(layout.NAME for layout in DATA_SETS))
LIST_NAME = "images"  # images.csv or images.parquet in a folder is its list


@dataclass(frozen=True)
class Layout:
    """The entries of a data set, and the folder that their paths are relative to."""

    root: Path
    entries: list[Entry]


def read_layout(source: Path, name: str = AUTO) -> Layout:
    """Read the entries of a source; no image is opened.

    With ``auto``, a source is a list if it is a file or a folder with ``images.csv`` or
    ``images.parquet``, else a public data set if its layout is recognized, else a folder of class
    folders or of split folders with class folders.

    Args:
        source: folder or list.
        name: name of the layout, one of ``NAMES``.

    Raises:
        UserError: the source is missing, has no known layout, or has no entries.
    """
    listed = find_list(source) if name in (AUTO, LIST) else None
    if name == LIST and listed is None:
        raise UserError(f"{source} has no list {LIST_NAME}.csv or {LIST_NAME}.parquet")
    entries = read_table(listed) if listed else _reader(source, name)(source)
    if not entries:
        raise UserError(f"{source} has no images: its class folders are empty")
    return Layout(image_root(source), entries)


def _reader(source: Path, name: str) -> Callable[[Path], list[Entry]]:
    """The function that reads a folder without a list."""
    if name == AUTO:
        known = [layout for layout in DATA_SETS if layout.recognises(source)]
    else:
        known = [layout for layout in DATA_SETS if name == layout.NAME]
    return known[0].read if known else read_folder


def image_root(source: Path) -> Path:
    """The folder that a manifest's paths are relative to: the source, or the folder of a list."""
    return source if source.is_dir() else source.parent


def find_list(source: Path) -> Path | None:
    """The CSV or Parquet list of a source, or None for a folder without a list.

    Raises:
        UserError: the source is missing, is a file of another kind, or has two lists.
    """
    if source.is_dir():
        lists = [source / (LIST_NAME + suffix) for suffix in SUFFIXES]
        found = [path for path in lists if path.is_file()]
        if len(found) > 1:
            raise UserError(f"{source} has {' and '.join(p.name for p in found)}: keep one")
        return found[0] if found else None
    if not source.exists():
        raise UserError(f"{source} is missing: expected a folder of images or a list of them")
    if source.suffix.lower() not in SUFFIXES:
        raise UserError(f"{source} is not a folder and not a list ({' or '.join(SUFFIXES)})")
    return source
