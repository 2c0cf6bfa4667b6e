"""Colours of vertices."""

import numpy as np

from fer3d.geometry.sampling import sample_colours

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
