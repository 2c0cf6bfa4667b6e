"""Safe decoding, resizing and encoding of images, which are (H, W, 3) uint8 RGB arrays."""

import io
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin

from fer3d.files.containers import without_metadata
from fer3d.files.pillow import BROKEN, deep_channels, grey_pixels, is_deep_grey, upright
from fer3d.files.pixels import to_eight_bits

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "AVIF")
HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif"})
DEFAULT_MAX_PIXELS = 50_000_000
MAX_PIXELS = 178_000_000  # Pillow's limit
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_TIFF = (b"II*\0", b"MM\0*")


class Rejection(StrEnum):
    """Why a file is rejected."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    CORRUPT = "corrupt"
    TOO_LARGE = "too_large"
    PIXEL_VALUES = "pixel_values"
    MISSING = "missing"
    UNREADABLE = "unreadable"


class Rejected(Exception):
    """A rejected file, with the reason and the decoder's message."""

    def __init__(self, reason: Rejection, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type["Rejected"], tuple[Rejection, str]]:
        return Rejected, (self.reason, self.detail)


def regular_file(path: Path) -> os.stat_result:
    """The status of a regular file.

    Raises:
        Rejected: missing, not accessible, or not a regular file (pipes and devices may block).
    """
    with _os_errors_rejected():
        status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Rejected(Rejection.UNREADABLE, "not a regular file")
    return status


def read_file(path: Path, max_bytes: int | None = None) -> bytes:
    """The bytes of a regular file.

    Raises:
        Rejected: see ``regular_file``; or larger than ``max_bytes``.
    """
    size = regular_file(path).st_size
    if max_bytes is not None and size > max_bytes:
        raise Rejected(Rejection.TOO_LARGE, f"{size} bytes, limit {max_bytes} bytes")
    with _os_errors_rejected():
        return path.read_bytes()


def load_image(path: Path, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> np.ndarray:
    """Read and decode an image file; see ``decode``.

    Raises:
        Rejected: see ``read_file`` and ``decode``.
    """
    return decode(read_file(path), max_pixels=max_pixels)


@cache
def suffixes() -> frozenset[str]:
    """Suffixes of image files, in lower case: those of all formats that can be decoded."""
    known = Image.registered_extensions().items()
    return HEIF_SUFFIXES | {suffix for suffix, kind in known if kind in FORMATS}


def decode(data: bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> np.ndarray:
    """Decode an image file in memory, upright by its EXIF orientation.

    The size is checked in the header first, so an oversized image costs nothing. Of an animation
    the first frame is used; transparency is dropped; pixels with more than eight bits are scaled,
    see ``fer3d.files.pixels``. Unreadable metadata is ignored.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        Rejected: empty, not one of ``FORMATS``, more than ``max_pixels``, corrupt or truncated, or
            invalid pixel values.
    """
    if not data:
        raise Rejected(Rejection.EMPTY, "0 bytes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's warnings about its pixel limit and EXIF
        try:
            return _decode(data, max_pixels)
        except Rejected as error:
            bare = None if error.reason == Rejection.TOO_LARGE else without_metadata(data)
            if bare is None or bare == data:
                raise
            try:
                return _decode(bare, max_pixels)
            except Rejected:
                raise error from None


@contextmanager
def _os_errors_rejected() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Rejected(Rejection.MISSING, error.strerror or str(error)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        detail = getattr(error, "strerror", None) or str(error)
        raise Rejected(Rejection.UNREADABLE, detail) from None


def _decode(data: bytes, max_pixels: int) -> np.ndarray:
    picture = _open(data)
    width, height = picture.size
    if width * height > max_pixels:
        raise Rejected(Rejection.TOO_LARGE, f"{width} x {height} px, limit {max_pixels} px")
    if not width * height:
        raise Rejected(Rejection.CORRUPT, f"{width} x {height} px")
    deep = deep_channels(picture)
    try:
        picture.load()
        pixels = _pixels(picture, data, deep)
    except BROKEN as error:
        raise Rejected(Rejection.CORRUPT, _one_line(error)) from None
    return upright(pixels, picture)


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize an image without aliasing: area averages when shrinking, bilinear when enlarging.

    Args:
        image: (H, W) or (H, W, C) uint8 or float32.

    Returns:
        (height, width) or (height, width, C), same dtype.
    """
    shrinks = width < image.shape[1] or height < image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=method)


def encode_png(image: np.ndarray, software: str | None = None) -> bytes:
    """PNG bytes of an (H, W, 3) RGB or (H, W) grey uint8 image; equal images give equal bytes.

    Args:
        software: name of the program, for the file's header.
    """
    buffer, about = io.BytesIO(), PngImagePlugin.PngInfo()
    if software is not None:
        about.add_text("Software", software)
    Image.fromarray(image).save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue()


def _open(data: bytes) -> ImageFile.ImageFile:
    formats = (*FORMATS, "HEIF") if _is_heif(data) and _reads_heif() else FORMATS
    try:
        return Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        raise Rejected(Rejection.TOO_LARGE, _one_line(error)) from None
    except BROKEN as error:  # UnidentifiedImageError is an OSError
        if _is_heif(data) and not _reads_heif():
            detail = "HEIC needs the extra `heic`: pip install 'fer3d[heic]'"
        elif data.startswith(_TIFF) and _is_unknown_tiff(data):
            detail = "TIFF, expected 8 or 16 bits for each colour, or one grey value of up to 32"
            raise Rejected(Rejection.PIXEL_VALUES, detail) from None
        else:
            detail = _one_line(error).split(" <")[0]
        raise Rejected(Rejection.NOT_AN_IMAGE, detail) from None


def _is_unknown_tiff(data: bytes) -> bool:
    """Whether it is a TIFF file, but with pixels that Pillow does not read."""
    try:
        TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    except SyntaxError as error:
        return "pixel mode" in str(error)
    except BROKEN:
        return False
    return False


def _is_heif(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS


@cache
def _reads_heif() -> bool:
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _pixels(picture: Image.Image, data: bytes, deep: bool) -> np.ndarray:
    """(H, W, 3) uint8, in the stored orientation.

    Args:
        deep: colours with 16 bits per channel, of which Pillow returns only the upper eight.
    """
    if is_deep_grey(picture):
        with _values_rejected():
            return grey_pixels(picture)
    if deep:
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if stored is None or stored.ndim != 3 or stored.shape[:2] != picture.size[::-1]:
            raise Rejected(Rejection.PIXEL_VALUES, f"{picture.mode} with 16 bits per channel")
        with _values_rejected():
            return to_eight_bits(stored[..., 2::-1])
    return np.array(picture.convert("RGB"))


@contextmanager
def _values_rejected() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise Rejected(Rejection.PIXEL_VALUES, str(error)) from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
