"""Pixels of the pictures that Pillow opens: upright, RGB, eight bits."""

import struct

import numpy as np
from PIL import Image, ImageFile

from fer3d.files.pixels import to_eight_bits

BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    RuntimeError,  # of the AVIF decoder
)
"""Errors of Pillow's decoders in files that are not whole."""

_DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")  # grey with more than eight bits
_ORIENTATION = 0x0112  # of EXIF
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0  # of TIFF
_SAMPLE_FORMAT, _UNSIGNED = 339, 1
_PPM_MAX = 65535  # a default, independent of the used range; Pillow scales by any other
_UPRIGHT = {  # by orientation: the operation that makes the image upright
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: image.swapaxes(0, 1)[:, ::-1],
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: lambda image: image.swapaxes(0, 1)[::-1],
}


def pillow_pixels(picture: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8 RGB of an image of Pillow, upright.

    Raises:
        ValueError: values of a deep grey image that ``to_eight_bits`` does not take.
    """
    deep = is_deep_grey(picture)
    pixels = grey_pixels(picture) if deep else np.array(picture.convert("RGB"))
    return upright(pixels, picture)


def is_deep_grey(picture: Image.Image) -> bool:
    """Whether it is grey with more than eight bits."""
    return picture.mode in _DEEP_MODES


def deep_channels(picture: ImageFile.ImageFile) -> bool:
    """Whether colours have 16 bits per channel; must be called before the image is loaded."""
    if is_deep_grey(picture):
        return False
    if picture.format == "PPM":
        return any(tile[3][-1] == _PPM_MAX for tile in picture.tile if isinstance(tile[3], tuple))
    return any(";16" in str(tile[3]) for tile in picture.tile)


def grey_pixels(picture: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8 of a picture that ``is_deep_grey``, in the stored orientation.

    Pillow reads unsigned integers of a TIFF file as signed ones, and ignores that 0 may be white.

    Raises:
        ValueError: see ``to_eight_bits``.
    """
    values, tags = np.asarray(picture), getattr(picture, "tag_v2", {})
    if values.dtype == np.int32 and tags.get(_SAMPLE_FORMAT) == (_UNSIGNED,):
        values = values.view(np.uint32)
    grey = to_eight_bits(values)
    grey = 255 - grey if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else grey
    return np.repeat(grey[..., None], 3, axis=2)


def upright(pixels: np.ndarray, picture: Image.Image) -> np.ndarray:
    """Pixels (H, W, 3) in the orientation that the picture's EXIF says, contiguous."""
    return np.ascontiguousarray(_UPRIGHT.get(_orientation(picture), lambda image: image)(pixels))


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except BROKEN:  # only the metadata is broken
        return 1
