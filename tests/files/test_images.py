import io
import os
import pickle
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from fer3d.files.images import (
    Rejected,
    Rejection,
    decode,
    encode_png,
    read_file,
    resize,
    suffixes,
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


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_that_of_pillow(picture, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(picture, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(decode(data), np.asarray(upright.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("most", [255, 1023, 4095, 65535])
def test_deep_grey_images_use_the_whole_range(kind, most):
    ramp = np.tile(np.linspace(0, most, 64).round(), (64, 1)).astype(np.uint16)
    image = decode(encoded(Image.fromarray(ramp), kind))
    assert image.min() == 0 and image.max() == 255
    np.testing.assert_allclose(image[0, :, 0], np.linspace(0, 255, 64), atol=1)


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".ppm"])
@pytest.mark.parametrize("most", [255, 4095, 65535])
def test_deep_colours_use_the_whole_range(suffix, most):
    values = np.zeros((16, 64, 3), np.uint16)
    values[..., 0] = np.linspace(0, most, 64).round()  # red
    values[..., 1] = most // 2
    _, data = cv2.imencode(suffix, values[..., ::-1])
    image = decode(data.tobytes())
    assert image[0, -1, 0] >= 254 and abs(int(image[0, 0, 1]) - 127) <= 1
    assert not image[..., 2].any()


@pytest.mark.parametrize("most", [255_000, 1 << 24, (1 << 31) - 1])
def test_integers_of_more_than_16_bits_keep_their_picture(most):
    ramp = np.tile(np.linspace(0, most, 64).round(), (64, 1)).astype(np.int32)
    image = decode(encoded(Image.fromarray(ramp), "TIFF"))[0, :, 0].astype(int)
    assert image.max() >= 127 and image.min() == 0 and (np.diff(image) >= 1).all()


@pytest.mark.parametrize("most", [300.0, 5000.0])
def test_float_images_of_other_ranges_are_not_black(most):
    ramp = np.tile(np.linspace(0, most, 64, dtype=np.float32), (64, 1))
    image = decode(encoded(Image.fromarray(ramp), "TIFF"))[0, :, 0].astype(int)
    assert image.max() >= 74 and (np.diff(image) >= 1).all()


@pytest.mark.parametrize("most", [1.0, 255.0, 1023.0, 65535.0])
def test_float_images_keep_their_picture(most):
    ramp = np.tile(np.linspace(0, most, 64, dtype=np.float32), (64, 1))
    image = decode(encoded(Image.fromarray(ramp), "TIFF"))
    np.testing.assert_allclose(image[0, :, 0], np.linspace(0, 255, 64), atol=1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full((4, 4), -1.0, np.float32), "negative"),
        (np.full((4, 4), np.nan, np.float32), "not finite"),
        (np.full((4, 4), 1e-3, np.float32), "at most 0.001, which would be black"),
        (np.full((4, 4), 1e9, np.float32), "up to 1e"),
        (np.full((4, 4), -5, np.int32), "negative"),
    ],
)
def test_values_that_are_no_brightness_are_rejected(values, said):
    with pytest.raises(Rejected, match=said) as caught:
        decode(encoded(Image.fromarray(values), "TIFF"))
    assert caught.value.reason == Rejection.PIXEL_VALUES


def png_chunk(name: bytes, content: bytes, *, crc: int | None = None) -> bytes:
    crc = zlib.crc32(name + content) if crc is None else crc
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


BROKEN_EXIF = b"\0\x08\0\x02\x01\x12\0\x03"
PNG_METADATA = {
    "EXIF": png_chunk(b"eXIf", BROKEN_EXIF),
    "EXIF as text": png_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 20\nzzzz"),
    "2 MB of text": png_chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"a" * 2_000_000)),
    "international text": png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0not compressed"),
    "a profile": png_chunk(b"iCCP", b"icc\0\0not compressed"),
    "a checksum": png_chunk(b"tEXt", b"a\0b", crc=1),
}


@pytest.mark.parametrize("chunk", PNG_METADATA.values(), ids=list(PNG_METADATA))
def test_broken_metadata_of_png_cost_the_metadata(picture, chunk):
    data = encoded(picture)
    image = decode(data[:33] + chunk + data[33:])
    np.testing.assert_array_equal(image, np.asarray(picture))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("exif", [b"Exif\0\0" + BROKEN_EXIF, b"Exif\0\0MM", b"\xff" * 40])
def test_broken_exif_costs_the_metadata(picture, kind, exif):
    broken = encoded(picture, kind, exif=exif)
    np.testing.assert_array_equal(decode(broken), decode(encoded(picture, kind)))


@pytest.mark.parametrize("kind", ["AVIF", "TIFF"])
def test_exif_that_is_broken_afterwards_costs_the_metadata(picture, kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "described"
    whole = decode(encoded(picture, kind))
    data = bytearray(encoded(picture, kind, exif=exif))
    place = data.rindex(b"MM\0*") if kind == "AVIF" else data.index(b"described")
    data[place : place + 9] = b"\xff" * 9
    assert decode(bytes(data)).size == whole.size


@pytest.mark.parametrize("tag", [270, 271, 274, 282, 305, 306, 700, 33723, 34665, 34675, 65000])
def test_tags_of_tiff_that_lead_outside_the_file_cost_the_metadata(picture, tag):
    data = encoded(picture, "TIFF")
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    directory = data[start + 2 : start + 2 + 12 * count]
    entries = [directory[place : place + 12] for place in range(0, len(directory), 12)]
    broken = struct.pack("<HHII", tag, 2, 500, 10**8)
    entries = sorted(
        [entry for entry in entries if struct.unpack_from("<H", entry)[0] != tag] + [broken],
        key=lambda entry: struct.unpack_from("<H", entry),
    )
    rest = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    changed = data[:4] + struct.pack("<I", len(data)) + data[8:] + rest
    np.testing.assert_array_equal(decode(changed), np.asarray(picture))


def test_broken_application_segments_of_jpeg_cost_the_metadata(picture):
    data = encoded(picture, "JPEG")
    for marker in (0xE1, 0xE2, 0xED, 0xFE):
        for content in (b"ICC_PROFILE\0", b"Photoshop 3.0\08BIM\4", b"MPF\0II*\0\xff\xff\xff\xff"):
            segment = bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content
            broken = data[:2] + segment + data[2:]
            np.testing.assert_array_equal(decode(broken), decode(data))


@pytest.mark.parametrize("wrong", [-40, 40, 5000])
@pytest.mark.parametrize(
    ("kind", "name", "length"),
    [
        ("PNG", b"iCCP", (-4, ">I")),
        ("PNG", b"eXIf", (-4, ">I")),
        ("WEBP", b"ICCP", (4, "<I")),
        ("WEBP", b"EXIF", (4, "<I")),
        ("JPEG", b"ICC_PROFILE", (-2, ">H")),
        ("JPEG", b"Exif", (-2, ">H")),
    ],
)
def test_a_wrong_length_of_metadata_costs_the_metadata(picture, kind, name, length, wrong):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[270] = "a description" * 20
    data = bytearray(encoded(picture, kind, icc_profile=profile, exif=exif))
    whole = decode(bytes(data))
    place, form = data.index(name) + length[0], length[1]
    struct.pack_into(form, data, place, max(struct.unpack_from(form, data, place)[0] + wrong, 2))
    assert np.array_equal(decode(bytes(data)), whole)


def test_a_thumbnail_is_not_taken_for_the_picture(picture):
    small = encoded(picture.resize((16, 16)), "JPEG")
    data = bytearray(encoded(picture, "JPEG", exif=b"Exif\0\0" + small))
    whole = decode(bytes(data))
    struct.pack_into(">H", data, data.index(b"Exif") - 2, 8 + len(small) + 30)
    assert np.array_equal(decode(bytes(data)), whole)
    with pytest.raises(Rejected):
        decode(bytes(data[:300]))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_broken_picture_stays_rejected_whatever_its_metadata(picture, kind):
    with pytest.raises(Rejected) as caught:
        decode(encoded(picture, kind)[:-400])
    assert caught.value.reason in (Rejection.CORRUPT, Rejection.NOT_AN_IMAGE)


def test_heic_is_read_by_the_extra(picture):
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(picture.resize((64, 64))).save(buffer, quality=90)
    assert decode(buffer.getvalue()).shape == (64, 64, 3)


def test_heic_without_the_extra_says_what_to_install(monkeypatch):
    monkeypatch.setattr("fer3d.files.images._reads_heif", lambda: False)
    with pytest.raises(Rejected, match=r"pip install 'fer3d\[heic\]'"):
        decode(b"\0\0\0\x18ftypheic" + bytes(100))


def test_names_of_all_formats_are_known():
    assert {".jpg", ".jfif", ".jpe", ".pnm", ".avif", ".heic", ".tif", ".webp"} <= suffixes()
    assert ".txt" not in suffixes() and ".pdf" not in suffixes()


def test_a_pipe_is_rejected_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(Rejected, match="not a regular file") as caught:
        read_file(tmp_path / "a.jpg")
    assert caught.value.reason == Rejection.UNREADABLE
