"""Recognizes the layout of a source: class folders, a list, a public data set, or an archive."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer3d.datasets.archives import fer2013, fer_plus, hugging_face, webdataset
from fer3d.datasets.archives.unpack import Archive, unpack, unpacked_folder
from fer3d.datasets.class_folders import read_folder
from fer3d.datasets.entries import Entry
from fer3d.datasets.layouts import aff_wild2, affectnet, ck_plus, jaffe, oulu_casia, raf_db
from fer3d.datasets.table import SUFFIXES, read_table
from fer3d.errors import UserError
from fer3d.files.sections import Section

AUTO, FOLDERS, LIST = "auto", "folders", "list"
DATA_SETS: tuple[Any, ...] = (raf_db, ck_plus, oulu_casia, affectnet, aff_wild2, jaffe)
ARCHIVES: tuple[Any, ...] = (fer_plus, fer2013, hugging_face, webdataset)  # images in containers
NAMES = (AUTO, FOLDERS, LIST, *(layout.NAME for layout in (*DATA_SETS, *ARCHIVES)))
LIST_NAME = "images"  # images.csv or images.parquet in a folder is its list


@dataclass(frozen=True)
class Layout:
    """The entries of a data set, and the folder that their paths are relative to."""

    root: Path
    entries: list[Entry]


def read_layout(
    source: Path,
    name: str = AUTO,
    kept: Path | None = None,
    options: Mapping[str, Section] | None = None,
) -> Layout:
    """Read the entries of a source; no image is opened. An archive is unpacked.

    With ``auto``, a source is a list if it is a folder with ``images.csv`` or ``images.parquet``,
    else an archive or a public data set if its layout is recognized, else a list if it is a file,
    else a folder of class folders or of split folders with class folders.

    Args:
        source: folder, list or archive.
        name: name of the layout, one of ``NAMES``.
        kept: folder to unpack archives into, see ``unpacked_folder``.
        options: parameters of layouts, by name; their defaults for those that are not there.

    Raises:
        UserError: an unknown name, or the source is missing, has no known layout or no entries.
    """
    if name not in NAMES:
        raise UserError(f"no layout {name!r}: expected {', '.join(NAMES)}")
    if archive := find_archive(source, name):
        folder = _unpacked(source, kept)
        return Layout(folder, _checked(unpack(archive, source, folder), source))
    listed = find_list(source) if name in (AUTO, LIST) else None
    if name == LIST and listed is None:
        raise UserError(f"{source} has no list {LIST_NAME}.csv or {LIST_NAME}.parquet")
    entries = read_table(listed) if listed else _read_folder(source, name, options or {})
    if not entries:
        raise UserError(f"{source} has no images: its class folders are empty")
    return Layout(image_root(source), _checked(entries, source))


def _checked(entries: list[Entry], source: Path) -> list[Entry]:
    """The entries, if each has another file."""
    if len({entry.path for entry in entries}) < len(entries):
        path, times = Counter(entry.path for entry in entries).most_common(1)[0]
        raise UserError(f"{source}: {path} is listed {times} times, expected once")
    return entries


def _read_folder(source: Path, name: str, options: Mapping[str, Section]) -> list[Entry]:
    """The entries of a folder without a list."""
    if name == AUTO:
        known = [layout for layout in DATA_SETS if layout.recognises(source)]
    else:
        known = [layout for layout in DATA_SETS if name == layout.NAME]
    if not known:
        return read_folder(source)
    chosen = options.get(known[0].NAME)
    entries: list[Entry] = known[0].read(source, chosen) if chosen else known[0].read(source)
    return entries


def image_root(source: Path, name: str = AUTO, kept: Path | None = None) -> Path:
    """The folder that a manifest's paths are relative to.

    It is the source, the folder of a list, or the folder where an archive is unpacked.

    Args:
        source: see ``read_layout``, as the others.
    """
    if find_archive(source, name):
        return _unpacked(source, kept)
    return source if source.is_dir() else source.parent


def find_archive(source: Path, name: str = AUTO) -> Archive | None:
    """The layout of a source whose images are in containers; None for other sources."""
    if name == AUTO:
        if _has_list(source):
            return None
        return next((archive for archive in ARCHIVES if archive.recognises(source)), None)
    return next((archive for archive in ARCHIVES if name == archive.NAME), None)


def _unpacked(source: Path, kept: Path | None) -> Path:
    if kept is None:
        raise ValueError(f"{source} is an archive: expected a folder to unpack it into, got None")
    return unpacked_folder(source, kept)


def _has_list(source: Path) -> bool:
    return any((source / (LIST_NAME + suffix)).is_file() for suffix in SUFFIXES)


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
