"""Pixels of any depth keep their picture, or are rejected with the reason."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from tiffs import FLOAT, SIGNED, UNSIGNED, WHITE_IS_ZERO, tiff

from fer3d.files.images import Rejected, Rejection, decode

RAMP = np.tile(np.linspace(0, 1, 64), (16, 1))


def rejected(data: bytes) -> str:
    with pytest.raises(Rejected) as caught:
        decode(data)
    assert caught.value.reason == Rejection.PIXEL_VALUES
    return caught.value.detail


@pytest.mark.parametrize("most", [1.02, 3.0, 15.4])
def test_floats_a_little_over_one_are_rejected_and_not_black(most):
    assert "which would be black" in rejected(tiff((RAMP * most).astype("<f4"), FLOAT))


def test_numbers_of_classes_are_no_picture():
    buffer = io.BytesIO()
    Image.fromarray((RAMP * 5).astype(np.uint16)).save(buffer, "PNG")
    assert "at most 5, which would be black" in rejected(buffer.getvalue())


def test_a_picture_that_is_black_stays_black():
    assert not decode(tiff(np.zeros((4, 4), "<u2"), UNSIGNED)).any()


@pytest.mark.parametrize(
    ("values", "sample_format"),
    [
        ((RAMP * 255).astype("u1"), UNSIGNED),
        ((RAMP * 4095).astype("<u2"), UNSIGNED),
        ((RAMP * 65535).astype("<u2"), UNSIGNED),
        (RAMP.astype("<f4"), FLOAT),
    ],
)
def test_white_is_white_whichever_number_it_has(values, sample_format):
    np.testing.assert_allclose(decode(tiff(values, sample_format))[0, :, 0], RAMP[0] * 255, atol=1)
    negative = decode(tiff(values.max() - values, sample_format, WHITE_IS_ZERO))
    np.testing.assert_allclose(negative[0, :, 0], RAMP[0] * 255, atol=1)


def test_integers_of_32_bits_without_sign_are_not_negative():
    values = (RAMP * (2**32 - 1)).astype("<u4")
    np.testing.assert_allclose(decode(tiff(values, UNSIGNED))[0, :, 0], RAMP[0] * 255, atol=1)
    assert "negative" in rejected(tiff(values.view("<i4"), SIGNED))


@pytest.mark.parametrize("dtype", ["<f2", "<f8", "<u8"])
def test_a_tiff_of_another_depth_says_so(dtype):
    values = (RAMP * 200).astype(dtype)
    sample_format = FLOAT if values.dtype.kind == "f" else UNSIGNED
    assert "expected 8 or 16 bits" in rejected(tiff(values, sample_format))


def test_a_tiff_of_float_colours_says_so():
    _, data = cv2.imencode(".tiff", np.repeat(RAMP[..., None], 3, axis=2).astype(np.float32))
    assert "expected 8 or 16 bits" in rejected(data.tobytes())
