"""Pictures in and out: safe decoding, resizing, contact sheets.

Images are (H, W, 3) uint8 RGB arrays everywhere in fer3d.
"""

import io
import struct
import warnings
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from fer3d.files.atomic import write_bytes

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
DEFAULT_MAX_PIXELS = 50_000_000
MAX_PIXELS = 178_000_000  # Pillow takes no larger image
_SIXTEEN_BIT_MODES = ("I", "I;16", "I;16B", "I;16L")
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
)


class Rejection(StrEnum):
    """Why a file is not taken as an image."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    CORRUPT = "corrupt"
    TOO_LARGE = "too_large"
    MISSING = "missing"
    UNREADABLE = "unreadable"


class Rejected(Exception):
    """A file that is not taken: the reason from a fixed list, and what the decoder said."""

    def __init__(self, reason: Rejection, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type["Rejected"], tuple[Rejection, str]]:
        return Rejected, (self.reason, self.detail)


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        Rejected: the file cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Rejected(Rejection.MISSING, error.strerror) from None
    except OSError as error:
        raise Rejected(Rejection.UNREADABLE, error.strerror or str(error)) from None


def decode(data: bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> np.ndarray:
    """Decode an image file held in memory, upright by its EXIF orientation.

    The size is read from the header first, so an oversized image costs nothing. Of an animation
    the first frame is taken; transparency is dropped.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        Rejected: empty, not one of ``FORMATS``, more than ``max_pixels``, corrupt or truncated.
    """
    if not data:
        raise Rejected(Rejection.EMPTY, "0 bytes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own pixel limit and EXIF complaints
        picture = _open(data)
        width, height = picture.size
        if width * height > max_pixels:
            raise Rejected(Rejection.TOO_LARGE, f"{width} x {height} px, limit {max_pixels} px")
        if not width * height:
            raise Rejected(Rejection.CORRUPT, f"{width} x {height} px")
        try:
            return _to_rgb(ImageOps.exif_transpose(picture))
        except _BROKEN as error:
            raise Rejected(Rejection.CORRUPT, _one_line(error)) from None


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize an image without aliasing: by area when shrinking, linearly when growing.

    Args:
        image: (H, W) or (H, W, C) uint8 or float32.

    Returns:
        (height, width) or (height, width, C), same dtype.
    """
    shrinks = width < image.shape[1] or height < image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=method)


def encode_png(image: np.ndarray) -> bytes:
    """PNG bytes of an (H, W, 3) RGB or (H, W) grey uint8 image; equal images give equal bytes."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def write_png(path: Path, image: np.ndarray) -> None:
    """Write an image as PNG in one atomic step."""
    write_bytes(path, encode_png(image))


def contact_sheet(
    rows: Sequence[Sequence[np.ndarray]],
    *,
    row_titles: Sequence[str] = (),
    column_titles: Sequence[str] = (),
    cell: int = 100,
    gap: int = 4,
) -> np.ndarray:
    """Pictures in a grid, each fitted into a square cell, with titles at the left and on top.

    Args:
        rows: rows of (H, W, 3) RGB or (H, W) grey uint8 images; rows may differ in length.
        cell: side of a cell, px.
        gap: white space between cells, px.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    columns = max((len(row) for row in rows), default=0)
    font = ImageFont.load_default(size=13)
    left = max((int(font.getlength(title)) + 12 for title in row_titles), default=0)
    top = 22 if column_titles else 0
    size = (left + columns * (cell + gap) + gap, top + len(rows) * (cell + gap) + gap)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for j, title in enumerate(column_titles):
        draw.text((left + gap + j * (cell + gap), 4), title, fill="black", font=font)
    for i, row in enumerate(rows):
        y = top + gap + i * (cell + gap)
        if i < len(row_titles):
            draw.text((6, y + cell // 2 - 8), row_titles[i], fill="black", font=font)
        for j, image in enumerate(row):
            sheet.paste(_fit(image, cell), (left + gap + j * (cell + gap), y))
    return np.asarray(sheet)


def _fit(image: np.ndarray, cell: int) -> Image.Image:
    scale = cell / max(image.shape[:2])
    width, height = (max(1, round(side * scale)) for side in (image.shape[1], image.shape[0]))
    fitted = Image.new("RGB", (cell, cell), "white")
    picture = Image.fromarray(resize(image, width, height)).convert("RGB")
    fitted.paste(picture, ((cell - width) // 2, (cell - height) // 2))
    return fitted


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise Rejected(Rejection.TOO_LARGE, _one_line(error)) from None
    except _BROKEN as error:  # UnidentifiedImageError is an OSError
        raise Rejected(Rejection.NOT_AN_IMAGE, _one_line(error).split(" <")[0]) from None


def _to_rgb(picture: Image.Image) -> np.ndarray:
    if picture.mode in _SIXTEEN_BIT_MODES:
        grey = np.asarray(picture).astype(np.int64)
        return np.repeat((grey.clip(0, 65535) >> 8).astype(np.uint8)[..., None], 3, axis=2)
    return np.array(picture.convert("RGB"))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
