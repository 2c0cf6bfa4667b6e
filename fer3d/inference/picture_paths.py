"""Content and paths of pictures."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from fer3d.errors import UserError, printable

SUFFIX = ".png"


class Part(StrEnum):
    """Optional content of a picture, in addition to boxes and probabilities."""

    ALIGNED = "aligned"
    MESH = "mesh"
    SHADING = "shading"


def picture_paths(inputs: Sequence[Path], files: Sequence[Path], out: Path) -> list[Path]:
    """The path of the picture of each image file.

    Args:
        inputs: files and folders as given.
        files: the image files among them.
        out: a PNG file for a single image, else a folder, in which pictures have the relative paths
            of their images: ``b/c.jpg`` of the folder ``a`` is ``out/b/c.jpg.png``.

    Raises:
        UserError: a PNG file for several images, or two images with the same name.
    """
    if len(files) == 1 and not inputs[0].is_dir():
        if out.suffix.lower() != SUFFIX:
            raise UserError(f"--picture {printable(out)}: a picture is a PNG file, name it so")
        return [out]
    if out.suffix.lower() == SUFFIX:
        raise UserError(
            f"--picture {printable(out)} names one picture, there are {len(files)} images: name a "
            "folder"
        )
    paths = [path for given in inputs for path in _inside(out, given)]
    twice = [path for path, count in Counter(paths).items() if count > 1]
    if twice:
        raise UserError(f"--picture: two images would be drawn to {printable(twice[0])}")
    return paths


def _inside(out: Path, given: Path) -> list[Path]:
    """Paths in ``out`` for a file, or for the images of a folder."""
    from fer3d.inference.files import image_files  # with its decoders

    top = given if given.is_dir() else given.parent
    return [out / f"{file.relative_to(top)}{SUFFIX}" for file in image_files([given], quiet=True)]
