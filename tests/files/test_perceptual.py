import numpy as np
from PIL import Image
from skimage import data

from fer3d.files.perceptual import hash_values, perceptual_hash, thumbnail


def bits_apart(first: np.ndarray, second: np.ndarray) -> int:
    one, other = hash_values([perceptual_hash(first), perceptual_hash(second)])
    return int(np.bitwise_count(one ^ other))


def test_size_brightness_and_compression_change_few_bits():
    picture = data.astronaut()[:256, 96:352]
    small = np.asarray(Image.fromarray(picture).resize((48, 48)))
    dark = (picture * 0.7).astype(np.uint8)
    assert bits_apart(picture, picture) == 0
    assert bits_apart(picture, small) <= 4
    assert bits_apart(picture, dark) <= 4


def test_other_pictures_differ_in_about_half_of_the_bits():
    assert bits_apart(data.astronaut(), data.coffee()) > 16


def test_a_hash_is_a_number_of_64_bits():
    assert hash_values(["ffffffffffffffff", "0000000000000001"]).tolist() == [2**64 - 1, 1]
    assert len(perceptual_hash(data.coffee())) == 16


def test_a_thumbnail_is_grey_and_square_whatever_came():
    for shape, side in (((48, 48), 48), ((7, 1000), 48), ((95, 300), 48), ((300, 200), 96)):
        grey = thumbnail(np.full((*shape, 3), 90, np.uint8))
        assert grey.shape == (side, side) and grey.dtype == np.uint8 and (grey == 90).all()
