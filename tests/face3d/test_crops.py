"""Turned crops."""

import numpy as np
import pytest

from fer3d.face3d.crops import Crop, around


def picture() -> np.ndarray:
    """(100, 100, 3) uint8 with a bright spot whose centre is at x 70, y 40."""
    x, y = np.meshgrid(np.arange(100) + 0.5, np.arange(100) + 0.5)
    spot = 255 * np.exp(-((x - 70) ** 2 + (y - 40) ** 2) / 50)
    return np.repeat(np.rint(spot).astype(np.uint8)[..., None], 3, axis=2)


def centre_of_light(image: np.ndarray) -> np.ndarray:
    x, y = np.meshgrid(np.arange(image.shape[1]) + 0.5, np.arange(image.shape[0]) + 0.5)
    weights = image[..., 0].astype(float)
    return np.array([(x * weights).sum(), (y * weights).sum()]) / weights.sum()


@pytest.mark.parametrize("angle", [0.0, 0.4, -2.0])
@pytest.mark.parametrize("size", [50, 192])
def test_what_a_crop_shows_lies_where_it_says(angle, size):
    crop = Crop(65, 45, 60, angle)
    spot = centre_of_light(crop.sample(picture(), size))
    assert np.allclose(crop.to_image(spot, size), [70, 40], atol=0.1)


def test_the_whole_image_as_a_crop_is_the_image():
    image = picture()
    assert np.array_equal(Crop(50, 50, 100).sample(image, 100), image)


def test_depth_is_scaled_as_the_picture_is():
    points = Crop(50, 50, 60, 0.3).to_image(np.array([[10, 20, 8.0]]), 120)
    assert np.isclose(points[0, 2], 4)


def test_a_crop_around_points_is_level_and_holds_them():
    rng = np.random.default_rng(0)
    points = rng.uniform(20, 80, size=(50, 2))
    right, left = np.array([40.0, 40]), np.array([60.0, 55])
    crop = around(points, 1.0, right, left)
    assert np.isclose(crop.angle, np.arctan2(15, 20))
    corners = crop.to_image(np.array([[0, 0], [1, 0], [0, 1], [1, 1]]), 1)
    assert np.allclose(corners.mean(axis=0), [crop.x, crop.y])
    cosine, sine = np.cos(crop.angle), np.sin(crop.angle)
    levelled = (points - [crop.x, crop.y]) @ np.array([[cosine, -sine], [sine, cosine]])
    assert np.abs(levelled).max() == pytest.approx(crop.side / 2)
