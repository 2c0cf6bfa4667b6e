"""Image files by path: those in folders, and the image in one."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer3d.errors import UserError, printable
from fer3d.files import images
from fer3d.files.search import Search, search

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


def image_files(paths: Sequence[Path], *, quiet: bool = False) -> list[Path]:
    """Files as given, and the image files in folders (recursive, sorted).

    Args:
        paths: files and folders.
        quiet: do not say what is passed over in folders.

    Raises:
        UserError: a folder without image files.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        found = search(path)
        if not found.images:
            raise UserError(_no_images(path, found))
        if not quiet:
            for line in found.passed_over():
                logging.getLogger(__name__).warning(line)
        files += found.images
    return files


def _no_images(folder: Path, found: Search) -> str:
    text = f"{printable(folder)} contains no image files ({', '.join(sorted(images.suffixes()))})"
    if found.skipped:
        return f"{text}; {next(found.passed_over())}"
    film = next(filter(is_video, found.others), None)
    return f"{text}; videos are named one by one, such as {printable(film)}" if film else text
