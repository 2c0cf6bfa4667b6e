"""Image files by path: those in folders, and the image in one."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from fer3d.errors import UserError, printable
from fer3d.files import images
from fer3d.files.visible import is_visible

VIDEO_SUFFIXES = frozenset(
    {
        ".3gp",
        ".avi",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".ogv",
        ".webm",
        ".wmv",
    }
)


def is_video(path: Path) -> bool:
    """Whether a path names a video, by its suffix; an animated GIF is an image."""
    return path.suffix.lower() in VIDEO_SUFFIXES and not path.is_dir()


def load_photo(path: Path) -> np.ndarray:
    """The image (H, W, 3) uint8 RGB in a file.

    Raises:
        UserError: the file cannot be read as an image; the message names it and says why.
    """
    try:
        return images.load_image(path, max_pixels=images.MAX_PIXELS)
    except images.Rejected as rejected:
        raise UserError(f"{printable(path)}: {rejected}") from None


def check_inputs(paths: Sequence[Path]) -> None:
    """Check that there is something to read, before model files are fetched and loaded.

    Raises:
        UserError: none of the paths exists.
    """
    if not any(map(os.path.lexists, paths)):
        raise UserError(f"{printable(paths[0])}: no such file or folder")


def image_files(paths: Sequence[Path]) -> list[Path]:
    """Files as given, and the image files in folders (recursive, sorted).

    Raises:
        UserError: a folder without image files.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(_walk(path)) if path.is_dir() else [path]
        if not found:
            raise UserError(_no_images(path))
        files += found
    return files


def _no_images(folder: Path) -> str:
    text = f"{folder} contains no image files ({', '.join(sorted(images.suffixes()))})"
    film = next(filter(is_video, sorted(folder.rglob("*"))), None)
    return f"{text}; videos are named one by one, such as {film}" if film else text


def _walk(folder: Path) -> Iterator[Path]:
    """Image files in a folder, without hidden files and those of other programs."""
    for parent, folders, files in os.walk(folder):
        folders[:] = filter(is_visible, folders)
        names = (name for name in files if Path(name).suffix.lower() in images.suffixes())
        yield from (Path(parent, name) for name in filter(is_visible, names))
