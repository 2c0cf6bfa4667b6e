"""Helpers of the layout readers."""

from collections.abc import Iterable
from pathlib import Path

from fer3d.datasets.entries import split_name
from fer3d.errors import UserError
from fer3d.files.images import suffixes


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


def lines_of(path: Path) -> list[str]:
    """The non-empty lines of a text file.

    Raises:
        UserError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text: {error}") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def split_folders(source: Path) -> list[Path]:
    """The folders in a folder that are named like a split, sorted by name."""
    if not source.is_dir():
        return []
    return sorted(path for path in source.iterdir() if split_name(path.name) and path.is_dir())


def images_in(folder: Path) -> list[Path]:
    """The image files of a folder, sorted by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes())


def relative(paths: Iterable[Path], source: Path) -> list[str]:
    """POSIX paths relative to the source."""
    return [path.relative_to(source).as_posix() for path in paths]
