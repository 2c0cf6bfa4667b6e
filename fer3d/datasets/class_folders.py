"""Class folders, with or without split folders above them.

    root/anger/1.jpg              root/train/anger/1.jpg
    root/happiness/2.jpg          root/validation/happiness/2.jpg

Images are directly in their class folder; deeper folders are an error, so that no image is missed
silently. Symbolic links are followed; the fixed depth prevents loops.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from fer3d.datasets.entries import SPLIT_NAMES, Entry, split_name
from fer3d.errors import UserError
from fer3d.files.images import suffixes
from fer3d.files.labels import one_spelling
from fer3d.files.visible import is_visible


def read_folder(root: Path) -> list[Entry]:
    """Entries of a folder of class folders, or of split folders that hold class folders.

    Other files beside the folders (a README, a licence) are ignored.

    Raises:
        UserError: no class folders, split and class folders side by side, folders inside a class
            folder, images outside the class folders, or a file name that is not UTF-8.
    """
    folders = _folders(root)
    splits = {name: split_name(name) for name in folders}
    if not any(splits.values()):
        return list(_classes(root, "", None))
    others = [name for name, split in splits.items() if split is None]
    if others:
        raise UserError(
            f"{root} has split folders ({_names(name for name in folders if splits[name])}) beside "
            f"{others[0]!r}: expected either split folders "
            f"({', '.join(SPLIT_NAMES)}) or class folders, not both"
        )
    return [entry for name in folders for entry in _classes(root, f"{name}/", splits[name])]


def _classes(root: Path, prefix: str, split: str | None) -> Iterator[Entry]:
    """Entries of the class folders in ``root / prefix``; the prefix is "" or ends with a slash."""
    folders = _folders(root / prefix)
    if not folders:
        raise UserError(
            f"{root / prefix} has no class folders: expected one folder of images per class"
        )
    for label in folders:
        if not one_spelling(label):
            raise UserError(f"{root / prefix} has a class folder without a name: {label!r}")
        for name in _files(root / prefix / label):
            yield Entry(_utf8(f"{prefix}{label}/{name}"), label, split)


def _folders(parent: Path) -> list[str]:
    """Names of the folders in ``parent``; images beside them are an error."""
    children = _visible(parent)
    stray = [
        child.name
        for child in children
        if Path(child.name).suffix.lower() in suffixes() and not os.path.isdir(child)
    ]
    if stray:
        raise UserError(
            f"{parent / stray[0]} is outside the class folders ({len(stray)} such images): move it "
            "into the folder of its class, or use a list (CSV or Parquet)"
        )
    if lost := [child.name for child in children if not os.path.exists(child)]:
        raise UserError(
            f"{parent / lost[0]} is a link to nothing: mount what it leads to, or remove it"
        )
    return [child.name for child in children if os.path.isdir(child)]


def _files(folder: Path) -> list[str]:
    """Names of the files in a class folder; folders in it are an error."""
    children = _visible(folder)
    deeper = [child.name for child in children if os.path.isdir(child)]
    if deeper:
        raise UserError(
            f"class folder {folder} has subfolders ({_names(deeper)}), expected only images; if "
            f"{folder.name!r} is not a class, set the source to the folder of the class folders"
        )
    return [child.name for child in children]


def _visible(parent: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(parent) as children:
            shown = [child for child in children if is_visible(child.name)]
    except OSError as error:
        raise UserError(f"{parent} cannot be read: {error.strerror}") from None
    return sorted(shown, key=lambda child: child.name)


def _utf8(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError:
        raise UserError(f"the name of {path!r} is not UTF-8: rename it") from None
    return path


def _names(names: Iterable[str]) -> str:
    """The first few names, for an error message."""
    first = list(names)
    return ", ".join(first[:3]) + (", ..." if len(first) > 3 else "")
