"""Files that are put on the page."""

import io

import numpy as np
import pytest
from PIL import Image

from fer3d.app import photo
from fer3d.app.photo import MAX_BYTES, read_data_url, read_photo
from fer3d.errors import UserError
from fer3d.files.images import encode_png
from fer3d.interface.pictures import png_url


def test_a_photo_keeps_its_pixels_and_grey_becomes_rgb(couple) -> None:
    assert np.array_equal(read_photo(encode_png(couple)), couple)
    grey = read_photo(encode_png(couple[..., 0]))
    assert np.array_equal(grey, np.repeat(couple[..., :1], 3, axis=2))


def test_a_photo_is_upright() -> None:
    stored, data = Image.new("RGB", (30, 20)), io.BytesIO()
    exif = stored.getexif()
    exif[0x0112] = 6  # a quarter turn
    stored.save(data, "JPEG", exif=exif)
    assert read_photo(data.getvalue()).shape == (30, 20, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"hello", r"not a photo that can be read \(JPEG, PNG"),
        (encode_png(np.full((50, 50, 3), 7, np.uint8))[:60], "damaged or incomplete"),
        (bytes(MAX_BYTES + 1), "larger than 20 MB"),
    ],
)
def test_other_files_get_a_sentence(data, message) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_photo(data)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_a_photo_of_too_many_pixels_is_not_decoded(monkeypatch) -> None:
    monkeypatch.setattr(photo, "MAX_PIXELS", 1000)
    with pytest.raises(UserError, match="megapixels"):
        read_photo(encode_png(np.zeros((40, 40, 3), np.uint8)))


def test_a_data_url_is_decoded_and_another_text_is_an_error(couple) -> None:
    assert np.array_equal(read_data_url(png_url(couple)), couple)
    with pytest.raises(UserError, match="damaged"):
        read_data_url("data:image/png;base64,???")
