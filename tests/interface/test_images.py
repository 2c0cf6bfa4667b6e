"""Image arguments."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pngs import write_png
from tiffs import BLACK_IS_ZERO, FLOAT, UNSIGNED, WHITE_IS_ZERO, tiff

from fer3d import UserError
from fer3d.interface.images import is_one, read_image


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 4, 3), np.uint8)


def test_a_file_an_array_and_a_pillow_image_are_the_same(pixels, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_png(path, pixels)
    for given in (path, str(path), pixels, Image.fromarray(pixels), pixels / 255):
        assert is_one(given)
        assert np.array_equal(read_image(given).pixels, pixels)
    assert read_image(path).name == str(path) and read_image(pixels, 3).name == "image 3"


@pytest.mark.parametrize(
    ("dtype", "sample_format", "photometric"),
    [
        ("<u2", UNSIGNED, BLACK_IS_ZERO),
        ("<u2", UNSIGNED, WHITE_IS_ZERO),
        ("<u4", UNSIGNED, BLACK_IS_ZERO),
        ("<f4", FLOAT, BLACK_IS_ZERO),
    ],
)
def test_a_deep_grey_image_is_the_same_as_a_file_and_opened(
    dtype, sample_format, photometric, tmp_path: Path
) -> None:
    most = 2**32 - 1 if dtype == "<u4" else 65535
    ramp = np.linspace(0, most, 24).reshape(6, 4).astype(dtype)
    path = tmp_path / "scan.tif"
    path.write_bytes(tiff(ramp, sample_format, photometric))
    opened = read_image(Image.open(path)).pixels
    assert np.array_equal(opened, read_image(path).pixels)
    assert opened.min() == 0 and opened.max() == 255 and len(np.unique(opened)) == 24


def test_a_pillow_image_is_turned_upright(pixels) -> None:
    image = Image.fromarray(pixels)
    image.getexif()[0x0112] = 3  # upside down
    assert np.array_equal(read_image(image).pixels, pixels[::-1, ::-1])


def test_grey_becomes_rgb(pixels) -> None:
    grey = pixels[..., 0]
    assert np.array_equal(read_image(grey).pixels, np.stack([grey] * 3, axis=2))


def test_lists_and_stacks_are_several(pixels) -> None:
    assert not is_one([pixels]) and not is_one(pixels[None]) and not is_one(iter(["a.png"]))


@pytest.mark.parametrize("shape", [(4,), (6, 4, 4), (6, 4, 1), (0, 4, 3)])
def test_an_array_of_another_shape_is_a_value_error(shape) -> None:
    with pytest.raises(ValueError, match=r"expected \(H, W, 3\) RGB or \(H, W\) grey, got"):
        read_image(np.zeros(shape, np.uint8))


def test_what_is_no_image_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"text")
    with pytest.raises(UserError, match=r"a\.png: not_an_image"):
        read_image(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"none\.png: missing"):
        read_image(tmp_path / "none.png")
    with pytest.raises(TypeError, match="got int"):
        read_image(3)
