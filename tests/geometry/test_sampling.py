"""Samples of images and textures."""

import numpy as np

from fer3d.geometry.sampling import bilinear, sample_colours, sample_texture

RAMP = np.uint8(np.arange(0, 240, 10).reshape(2, 4, 3))


def test_centres_of_pixels_have_their_colours():
    row, column = np.indices((2, 4)).reshape(2, -1)
    vertices = np.stack([column + 0.5, row + 0.5, 0 * row], axis=1)
    assert np.array_equal(sample_colours(RAMP, vertices), RAMP.reshape(-1, 3))


def test_between_centres_colours_are_mixed_and_outside_the_border_is_repeated():
    found = sample_colours(RAMP, np.array([[1.0, 0.5], [1.5, 1.0], [-9, -9], [9, 9]]))
    expected = [
        RAMP[0, :2].mean(axis=0),
        RAMP[:, 1].mean(axis=0),
        RAMP[0, 0],
        RAMP[1, 3],
    ]
    assert np.array_equal(found, np.array(expected, np.uint8))


def test_both_ways_of_sampling_agree_inside_and_outside_for_any_number_of_positions():
    rng = np.random.default_rng(0)
    texture = rng.random((6, 9, 3), np.float32)
    where = rng.uniform(-3, 12, (40_000, 2)).astype(np.float32)
    exact = bilinear(texture, *where.T.astype(np.float64))
    assert np.abs(sample_texture(texture, where) - exact).max() < 2 / 32  # OpenCV's fractions
    assert sample_texture(texture, where[:0]).shape == (0, 3)
