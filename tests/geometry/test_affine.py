"""Affine maps of the plane, warps and turned crops."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from fer3d.geometry import affine
from fer3d.geometry.affine import Crop, crop_around

FACE = np.array([[40, 50], [60, 50], [50, 60], [43, 72], [57, 72]], float)


def smooth_image(height: int = 120, width: int = 100) -> np.ndarray:
    """Slow waves (height, width, 3), different in each direction and channel."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9 + c) * np.cos(y / 13 - c) for c in range(3)]
    return np.round(127 + 100 * np.stack(waves, axis=-1)).astype(np.uint8)


def test_invert_undoes() -> None:
    there = affine.compose(
        affine.window(np.array([4.0, 9.0]), 33, 100), affine.rotation(0.7, FACE[0])
    )
    np.testing.assert_allclose(affine.apply(affine.invert(there), affine.apply(there, FACE)), FACE)


@pytest.mark.parametrize("shape", [(120, 100), (100, 120), (7, 300), (1, 1)])
def test_a_whole_image_is_centred_and_fills_the_longer_side(shape: tuple[int, int]) -> None:
    there = affine.whole_image(*shape, size=60)
    corners = affine.apply(there, np.array([[0, 0], [shape[1], shape[0]]], float))
    np.testing.assert_allclose(corners.mean(axis=0), [30, 30])
    assert (corners[1] - corners[0]).max() == pytest.approx(60)


def test_the_identity_warp_changes_nothing() -> None:
    image = smooth_image(80, 80)
    np.testing.assert_array_equal(affine.warp(image, affine.whole_image(80, 80, 80), 80), image)


def test_shrinking_does_not_alias() -> None:
    stripes = np.zeros((800, 800, 3), np.uint8)
    stripes[:, ::2] = 255
    small = affine.warp(stripes, affine.whole_image(800, 800, 50), 50)
    assert np.ptp(small) <= 2 and abs(small.mean() - 127.5) < 2


def test_shrinking_keeps_places() -> None:
    image = np.zeros((700, 700, 3), np.uint8)
    image[300:400, 500:600] = 255  # its middle is at (550, 350)
    small = affine.warp(image, affine.whole_image(700, 700, 64), 64)[..., 0].astype(float)
    y, x = np.mgrid[:64, :64] + 0.5
    centre = np.array([(x * small).sum(), (y * small).sum()]) / small.sum()
    np.testing.assert_allclose(centre, np.array([550, 350]) * 64 / 700, atol=0.1)


def test_outside_the_border_goes_on() -> None:
    image = np.full((40, 20, 3), 9, np.uint8)
    assert (affine.warp(image, affine.whole_image(40, 20, 64), 64) == 9).all()


@pytest.mark.parametrize("long", [0, 1])
def test_an_image_longer_than_opencv_takes_is_warped_like_a_part_of_it(long: int) -> None:
    image = np.zeros((60, 40_000, 3), np.uint8)
    image[:, 35_000:35_120] = smooth_image(60, 120)
    there = affine.compose(
        affine.window(np.array([35_030.0, 10.0]), 40, 64),
        affine.rotation(0.3, np.array([35_050.0, 30.0])),
    )
    if long:
        image, there = image.swapaxes(0, 1), there[:, [1, 0, 2]]
    result = affine.warp(image, there, 64)
    part = image[34_000:36_000] if long else image[:, 34_000:36_000]
    moved = affine.compose(
        there, np.array([[1, 0, 0 if long else 34_000], [0, 1, 34_000 if long else 0]], float)
    )
    np.testing.assert_array_equal(result, affine.warp(part, moved, 64))
    assert result.std() > 10


def test_a_whole_strip_is_shown() -> None:
    strip = np.full((1, 40_000, 3), 90, np.uint8)
    assert (affine.warp(strip, affine.whole_image(1, 40_000, 64), 64) == 90).all()


def test_the_input_is_left_alone() -> None:
    image = smooth_image()
    before = image.copy()
    affine.warp(image, affine.whole_image(120, 100, 20), 20)
    np.testing.assert_array_equal(image, before)


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
    assert np.allclose(crop.to_image(spot[None], size), [70, 40], atol=0.1)


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
    crop = crop_around(points, 1.0, right, left)
    assert np.isclose(crop.angle, np.arctan2(15, 20))
    corners = crop.to_image(np.array([[0, 0], [1, 0], [0, 1], [1, 1]]), 1)
    assert np.allclose(corners.mean(axis=0), [crop.x, crop.y])
    cosine, sine = np.cos(crop.angle), np.sin(crop.angle)
    levelled = (points - [crop.x, crop.y]) @ np.array([[cosine, -sine], [sine, cosine]])
    assert np.abs(levelled).max() == pytest.approx(crop.side / 2)


def test_a_similarity_has_its_scale_and_turn():
    there = affine.compose(affine.window(np.zeros(2), 30, 60), affine.rotation(0.5, np.ones(2)))
    assert affine.scale_of(there) == pytest.approx(2)
    cos, sin = np.cos(0.5), np.sin(0.5)
    np.testing.assert_allclose(affine.turn_of(there), [[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])


@pytest.mark.parametrize("points", [np.zeros((4, 3)), np.zeros(2)])
def test_shapes_are_checked(points):
    """The tests run with the annotations of the kernels checked, see conftest.py."""
    with pytest.raises(TypeCheckError):
        affine.apply(np.eye(3)[:2], points)


def test_a_box_is_moved_in_double_precision_whatever_its_own() -> None:
    turn, box = affine.rotation(0.3, np.array([5.0, 7.0])) * 0.7, np.array([3, 4, 10, 12])
    moved = [affine.move_box(turn, box.astype(dtype)) for dtype in (np.float32, np.float64)]
    np.testing.assert_array_equal(*moved)
