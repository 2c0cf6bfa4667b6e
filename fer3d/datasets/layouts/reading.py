"""Helpers of the layout readers."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from fer3d.datasets.entries import split_name
from fer3d.errors import UserError
from fer3d.files.images import suffixes
from fer3d.files.visible import is_visible


def existing(source: Path, *names: str) -> Path | None:
    """The first of some relative paths that exists."""
    return next((source / name for name in names if (source / name).exists()), None)


def needed(path: Path, what: str) -> Path:
    """Return a path that must exist.

    Raises:
        UserError: it is missing; the message says what it is.
    """
    if not path.exists():
        raise UserError(f"{path} is missing: {what}")
    return path


def lines_of(path: Path, *, blank: bool = False) -> list[str]:
    """The lines of a text file, without blanks at their ends.

    Args:
        path: the file.
        blank: also those without text, where the number of a line counts.

    Raises:
        UserError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text: {error}") from None
    return [line.strip() for line in text.splitlines() if blank or line.strip()]


def class_number(value: object, count: int, file: Path) -> int:
    """The number of a class that a file has as a number or as text, such as ``3.0000000e+00``.

    Raises:
        UserError: it is not a whole number of 0 to ``count`` - 1; the message names the file.
    """
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if number not in range(count):
        raise UserError(f"{file}: expected a number of 0 to {count - 1}, got {value!r}")
    return int(number)


def visible(folder: Path, pattern: str) -> list[Path]:
    """Paths in a folder that match a pattern such as ``*/*.txt``, sorted, without junk.

    macOS leaves a ``._name`` beside each file that it copies to another file system.
    """
    if not folder.is_dir():
        return []
    first, _, rest = pattern.partition("/")
    named = (path for path in folder.iterdir() if fnmatchcase(path.name, first))
    found = sorted(path for path in named if is_visible(path.name))
    return [path for top in found for path in visible(top, rest)] if rest else found


def split_folders(source: Path) -> list[Path]:
    """The folders in a folder that are named like a split, sorted by name."""
    if not source.is_dir():
        return []
    return [path for path in visible(source, "*") if split_name(path.name) and path.is_dir()]


def images_in(folder: Path) -> list[Path]:
    """The image files of a folder, sorted by name."""
    return [path for path in visible(folder, "*") if path.suffix.lower() in suffixes()]


def relative(paths: Iterable[Path], source: Path) -> list[str]:
    """POSIX paths relative to the source."""
    return [path.relative_to(source).as_posix() for path in paths]
