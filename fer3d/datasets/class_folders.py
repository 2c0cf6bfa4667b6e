"""Class folders, with or without split folders above them.

    root/anger/1.jpg              root/train/anger/1.jpg
    root/happiness/2.jpg          root/validation/happiness/2.jpg

Images are directly in their class folder; deeper folders are an error, so that no image is missed
silently. Symbolic links are followed; the fixed depth prevents loops.
"""

from collections.abc import Iterator
from pathlib import Path

from fer3d.datasets.entries import SPLIT_NAMES, Entry, split_name
from fer3d.errors import UserError
from fer3d.files.images import suffixes
from fer3d.files.visible import is_visible


def read_folder(root: Path) -> list[Entry]:
    """Entries of a folder of class folders, or of split folders that hold class folders.

    Other files beside the folders (a README, a licence) are ignored.

    Raises:
        UserError: no class folders, split and class folders side by side, folders inside a class
            folder, images outside the class folders, or a file name that is not UTF-8.
    """
    folders = _folders(root)
    splits = {folder: split_name(folder.name) for folder in folders}
    if not any(splits.values()):
        return list(_classes(root, root, None))
    others = [folder.name for folder, split in splits.items() if split is None]
    if others:
        raise UserError(
            f"{root} has split folders ({_names(f for f in folders if splits[f])}) beside "
            f"{others[0]!r}: expected either split folders "
            f"({', '.join(SPLIT_NAMES)}) or class folders, not both"
        )
    return [entry for folder in folders for entry in _classes(root, folder, splits[folder])]


def _classes(root: Path, parent: Path, split: str | None) -> Iterator[Entry]:
    folders = _folders(parent)
    if not folders:
        raise UserError(f"{parent} has no class folders: expected one folder of images per class")
    for folder in folders:
        for path in _files(folder):
            yield Entry(_posix(path, root), folder.name, split)


def _folders(parent: Path) -> list[Path]:
    """The folders in ``parent``; images beside them are an error."""
    children = _visible(parent)
    stray = [p for p in children if p.suffix.lower() in suffixes() and not p.is_dir()]
    if stray:
        raise UserError(
            f"{stray[0]} is outside the class folders ({len(stray)} such images): move it into "
            "the folder of its class, or use a list (CSV or Parquet)"
        )
    return [path for path in children if path.is_dir()]


def _files(folder: Path) -> list[Path]:
    """The files in a class folder; folders in it are an error."""
    children = _visible(folder)
    deeper = [path for path in children if path.is_dir()]
    if deeper:
        raise UserError(
            f"class folder {folder} has subfolders ({_names(deeper)}), expected only images; if "
            f"{folder.name!r} is not a class, set the source to the folder of the class folders"
        )
    return children


def _visible(parent: Path) -> list[Path]:
    try:
        children = sorted(parent.iterdir())
    except OSError as error:
        raise UserError(f"{parent} cannot be read: {error.strerror}") from None
    return [path for path in children if is_visible(path.name)]


def _posix(path: Path, root: Path) -> str:
    text = path.relative_to(root).as_posix()
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UserError(f"the name of {text!r} is not UTF-8: rename it") from None
    return text


def _names(folders: Iterator[Path] | list[Path]) -> str:
    """The first few names, for an error message."""
    names = [folder.name for folder in folders]
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
