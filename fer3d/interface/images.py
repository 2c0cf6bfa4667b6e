"""Image arguments of the Python interface."""

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TypeAlias, TypeGuard

import numpy as np
from PIL import Image

from fer3d.errors import printable
from fer3d.files.pillow import pillow_pixels
from fer3d.files.pixels import to_eight_bits
from fer3d.inference.files import load_photo

ImageLike: TypeAlias = str | PathLike[str] | np.ndarray | Image.Image


@dataclass(frozen=True)
class NamedImage:
    """An image to work on.

    Attributes:
        name: its path, or its place among the arguments.
        pixels: (H, W, 3) uint8, RGB.
    """

    name: str
    pixels: np.ndarray


def is_one(images: ImageLike | Iterable[ImageLike]) -> TypeGuard[ImageLike]:
    """Whether this is one image, not several: (N, H, W, 3) are several."""
    if isinstance(images, np.ndarray):
        return images.ndim < 4
    return isinstance(images, str | PathLike | Image.Image)


def read_image(image: ImageLike, place: int = 0) -> NamedImage:
    """One image, upright.

    Args:
        image: path of an image file; an array (H, W, 3) RGB or (H, W) grey; or an image of Pillow.
            Pixels of an array that are not uint8 are converted, see ``fer3d.files.pixels``.
        place: among the images of a call, which names an image without a path.

    Raises:
        UserError: the file cannot be read as an image; the message names it and says why.
        ValueError: an array of another shape, or negative or infinite values.
        TypeError: anything else.
    """
    if isinstance(image, str | PathLike):
        return NamedImage(printable(Path(image)), load_photo(Path(image)))
    if isinstance(image, Image.Image):
        image = pillow_pixels(image)
    if not isinstance(image, np.ndarray):
        raise TypeError(f"expected a path, an array or a Pillow image, got {type(image).__name__}")
    return NamedImage(f"image {place}", _as_rgb(image))


def _as_rgb(array: np.ndarray) -> np.ndarray:
    grey = array.ndim == 2
    if not array.size or not (grey or (array.ndim == 3 and array.shape[2] == 3)):
        raise ValueError(f"image: expected (H, W, 3) RGB or (H, W) grey, got {array.shape}")
    pixels = to_eight_bits(array)
    return np.stack([pixels] * 3, axis=2) if grey else np.ascontiguousarray(pixels)
