import cv2
import numpy as np
import pytest
from skimage import data

import fer3d.cleaning.near.pairs
from fer3d.cleaning.near.correlation import best_correlation, detail_correlation
from fer3d.cleaning.near.pairs import MIN_DETAIL, copy_pairs
from fer3d.files.perceptual import thumbnail


def face() -> np.ndarray:
    return data.astronaut()[0:256, 96:352]


def test_a_shift_of_up_to_four_of_48_pixels_correlates():
    small = thumbnail(face()[::4, ::4])
    assert small.shape == (48, 48)
    for x, y in ((0, 0), (4, -4), (-3, 2)):
        moved = np.roll(small, (y, x), (0, 1))
        assert best_correlation(small, moved) > 0.99
    assert best_correlation(small, np.roll(small, 12, 0)) < 0.9


@pytest.mark.parametrize("cut", [2, 5, 8])
def test_details_of_a_cropped_photo_agree_at_the_right_scale(cut):
    cropped = thumbnail(face()[cut : 256 - cut, cut : 256 - cut])
    assert detail_correlation(thumbnail(face()), cropped) > MIN_DETAIL
    assert detail_correlation(cropped, thumbnail(face())) > MIN_DETAIL
    assert detail_correlation(cropped, thumbnail(data.coffee())) < 0.5


def test_a_large_and_a_small_copy_are_compared_at_the_smaller_size():
    same = np.zeros(2, np.uint64)
    large, small = thumbnail(face()), thumbnail(face()[::4, ::4])
    assert len(large) == 96 and len(small) == 48
    assert copy_pairs(same, lambda rows: {0: large, 1: small}).tolist() == [[0, 1]]


def test_brightness_does_not_matter_and_another_picture_does():
    small = thumbnail(face()[::4, ::4])
    assert best_correlation(small, small // 2 + 60) > 0.99
    assert best_correlation(small, thumbnail(data.coffee()[::8, ::8])) < 0.9
    assert best_correlation(small, np.full((48, 48), 9, np.uint8)) == 0
    assert best_correlation(np.full((48, 48), 9, np.uint8), small) == 0


def test_pairs_are_copies_by_hash_by_picture_and_by_detail():
    small, other = thumbnail(face()[::4, ::4]), thumbnail(data.coffee()[::8, ::8])
    blurred = cv2.GaussianBlur(small, (0, 0), 6)  # alike as a whole, another in detail
    noise = np.random.default_rng(0).integers(0, 256, (48, 48)).astype(np.float32)
    unlike = np.clip(blurred + 0.3 * (noise - 128), 0, 255).astype(np.uint8)
    asked = []

    def pairs(bits: int, second: np.ndarray) -> list[list[int]]:
        hashes = np.array([0xAAAAAAAA_AAAAAAAA, 0xAAAAAAAA_AAAAAAAA ^ ((1 << bits) - 1)], np.uint64)
        asked.clear()
        return copy_pairs(hashes, lambda rows: asked.extend(rows) or {0: small, 1: second}).tolist()

    assert pairs(4, small) == pairs(8, small) == [[0, 1]]
    assert pairs(8, other) == pairs(4, other) == []
    assert pairs(4, unlike) == pairs(8, unlike) == []
    assert asked == [0, 1]
    assert pairs(9, small) == [] and asked == []


def test_a_million_copies_would_make_as_many_pairs_not_their_square():
    pictures = dict.fromkeys(range(50), thumbnail(face()))
    pairs = copy_pairs(np.full(50, 7, np.uint64), lambda rows: pictures)
    assert pairs.tolist() == [[0, row] for row in range(1, 50)]


def test_a_picture_with_the_hash_of_another_one_hides_no_copies():
    small, other = thumbnail(face()[::4, ::4]), thumbnail(data.coffee()[::8, ::8])
    pictures = dict(enumerate([other, small, small + 3, other, small + 5]))
    hashes = np.array([9, 9, 9, 9, 8], np.uint64)
    pairs = copy_pairs(hashes, lambda rows: pictures)
    assert pairs.tolist() == [[0, 3], [1, 2], [1, 4]]


def test_of_many_pictures_with_one_hash_the_first_ones_are_compared(monkeypatch):
    monkeypatch.setattr(fer3d.cleaning.near.pairs, "MOST_PICTURES", 3)
    noise = np.random.default_rng(0).integers(0, 256, (6, 48, 48), np.uint8)
    pictures = dict(enumerate([*noise, noise[2], noise[4]]))
    pairs = copy_pairs(np.zeros(8, np.uint64), lambda rows: pictures)
    assert pairs.tolist() == [[2, 6]]
