import io
import pickle

import numpy as np
import pytest
from PIL import Image

from fer3d.files.images import (
    Rejected,
    Rejection,
    contact_sheet,
    decode,
    encode_png,
    read_file,
    resize,
)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def picture() -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8))


def test_png_comes_back_pixel_by_pixel(picture):
    np.testing.assert_array_equal(decode(encoded(picture)), np.asarray(picture))
    np.testing.assert_array_equal(decode(encode_png(np.asarray(picture))), np.asarray(picture))


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I;16", "I"])
def test_every_mode_becomes_rgb(picture, mode):
    if mode.startswith("I"):
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    kind = "TIFF" if mode == "CMYK" else "PNG"
    data = encoded(picture if mode.startswith("I") else picture.convert(mode), kind)
    image = decode(data)
    assert image.shape == (40, 60, 3) and image.dtype == np.uint8 and image.std() > 20


def test_sixteen_bits_keep_their_brightness(picture):
    grey = np.asarray(picture.convert("L"))
    data = encoded(Image.fromarray(grey.astype(np.uint16) * 257))
    np.testing.assert_array_equal(decode(data)[..., 0], grey)


def test_exif_orientation_turns_the_image_upright(picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    assert decode(encoded(picture, "JPEG", exif=exif)).shape == (60, 40, 3)


def broken_png(picture: Image.Image) -> bytes:
    data = bytearray(encoded(picture))
    data[len(data) // 2] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda p: b"", Rejection.EMPTY),
        (lambda p: b"not an image at all", Rejection.NOT_AN_IMAGE),
        (lambda p: encoded(p)[:10], Rejection.NOT_AN_IMAGE),
        (lambda p: encoded(p, "JPEG")[:-300], Rejection.CORRUPT),
        (lambda p: encoded(p)[:-400], Rejection.CORRUPT),
        (broken_png, Rejection.CORRUPT),
        (lambda p: encoded(p.resize((101, 100))), Rejection.TOO_LARGE),
        (lambda p: b"<svg xmlns='http://www.w3.org/2000/svg'/>", Rejection.NOT_AN_IMAGE),
    ],
)
def test_what_is_no_good_image_is_rejected_with_its_reason(picture, make, reason):
    with pytest.raises(Rejected) as caught:
        decode(make(picture), max_pixels=10_000)
    assert caught.value.reason == reason
    assert "\n" not in caught.value.detail


def test_a_rejection_survives_pickling():
    copy = pickle.loads(pickle.dumps(Rejected(Rejection.EMPTY, "0 bytes")))
    assert (copy.reason, copy.detail) == (Rejection.EMPTY, "0 bytes")


def test_a_file_that_is_not_there_is_missing_and_a_folder_is_unreadable(tmp_path):
    for path, reason in (("none.jpg", Rejection.MISSING), (".", Rejection.UNREADABLE)):
        with pytest.raises(Rejected) as caught:
            read_file(tmp_path / path)
        assert caught.value.reason == reason


def test_shrinking_averages():
    checkers = np.indices((64, 64)).sum(0).astype(np.uint8) % 2 * 255
    assert set(np.unique(resize(checkers, 8, 8))) <= {127, 128}


def test_contact_sheet_has_a_cell_for_every_picture():
    red = np.full((10, 20, 3), (255, 0, 0), np.uint8)
    sheet = contact_sheet([[red, red], [red]], cell=20, gap=2)
    assert sheet.shape == (46, 46, 3)
    assert (sheet == (255, 0, 0)).all(axis=2).sum() == 3 * 20 * 10
