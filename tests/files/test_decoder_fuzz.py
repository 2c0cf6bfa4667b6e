"""A file with any content gives an image or a rejection with a reason, never another error."""

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fer3d.files.images import Rejected, decode

KINDS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "AVIF")
MAX_PIXELS = 10_000
SAME_EACH_TIME = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)


def saved(kind: str) -> bytes:
    """A small image with metadata."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    with_metadata = {"exif": exif} if kind in ("JPEG", "PNG", "WEBP") else {}
    Image.fromarray(pixels).save(buffer, kind, **with_metadata)
    return buffer.getvalue()


FILES = {kind: saved(kind) for kind in KINDS}


def check(data: bytes) -> None:
    try:
        image = decode(data, max_pixels=MAX_PIXELS)
    except Rejected as error:
        assert error.detail and "\n" not in error.detail
    else:
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        assert 0 < image.shape[0] * image.shape[1] <= MAX_PIXELS


@SAME_EACH_TIME
@given(st.binary(max_size=300))
def test_any_bytes(data):
    check(data)


@SAME_EACH_TIME
@given(st.sampled_from(KINDS), st.binary(max_size=300))
def test_any_bytes_after_a_header(kind, data):
    check(FILES[kind][:24] + data)


@pytest.mark.parametrize("kind", KINDS)
@SAME_EACH_TIME
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes(kind, changes):
    data = bytearray(FILES[kind])
    for place, value in changes:
        data[place % len(data)] = value
    check(bytes(data))


@pytest.mark.parametrize("kind", KINDS)
@SAME_EACH_TIME
@given(st.integers(0, 10_000), st.integers(0, 300))
def test_missing_bytes(kind, start, count):
    data = FILES[kind]
    start %= len(data)
    check(data[:start] + data[start + count :])
