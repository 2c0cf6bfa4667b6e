"""The photo that was put on the page."""

from base64 import b64decode

import numpy as np

from fer3d.errors import UserError
from fer3d.files import images
from fer3d.files.images import Rejected, Rejection

MAX_BYTES = 20_000_000
MAX_PIXELS = images.DEFAULT_MAX_PIXELS
TYPES = "JPEG, PNG, WebP, AVIF, TIFF, BMP, GIF or PPM"
_PROBLEMS = {  # by reason; others are told as they are
    Rejection.EMPTY: "The file is empty.",
    Rejection.NOT_AN_IMAGE: f"This file is not a photo that can be read ({TYPES}).",
    Rejection.CORRUPT: "The photo is damaged or incomplete.",
    Rejection.TOO_LARGE: f"The photo has more than {MAX_PIXELS // 1_000_000} megapixels.",
}


def read_photo(data: bytes) -> np.ndarray:
    """The pixels of an image file in memory, upright.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        UserError: too large, or not an image; the message is a sentence for the page.
    """
    if len(data) > MAX_BYTES:
        raise UserError(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        return images.decode(data, max_pixels=MAX_PIXELS)
    except Rejected as rejected:
        if "HEIC" in rejected.detail:
            raise UserError(f"{rejected.detail}.") from None
        known = _PROBLEMS.get(rejected.reason)
        raise UserError(known or f"The photo cannot be read: {rejected.detail}.") from None


def read_data_url(url: str) -> np.ndarray:
    """The pixels of an image file as a data URL, which browsers give; see ``read_photo``."""
    _, _, encoded = url.partition(",")
    try:
        return read_photo(b64decode(encoded, validate=True))
    except ValueError:  # not base64
        raise UserError(_PROBLEMS[Rejection.CORRUPT]) from None
