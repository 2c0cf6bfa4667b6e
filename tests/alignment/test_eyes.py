import numpy as np
import pytest

from fer3d.alignment import eyes
from fer3d.geometry import affine

FACE = np.array([[40, 50], [60, 50], [50, 60], [43, 72], [57, 72]], float)
BOX = np.array([30.0, 32.0, 40.0, 52.0])
ANGLES = np.radians([-179, -90, -30, -5, 0, 5, 30, 90, 150])


def smooth_image(height: int = 120, width: int = 100) -> np.ndarray:
    """Slow waves (height, width, 3), different in each direction and channel."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9 + c) * np.cos(y / 13 - c) for c in range(3)]
    return np.round(127 + 100 * np.stack(waves, axis=-1)).astype(np.uint8)


@pytest.mark.parametrize("angle", ANGLES)
def test_tilt_is_the_angle_by_which_a_face_was_turned(angle: float) -> None:
    turned = affine.apply(affine.rotation(-angle, np.array([10.0, -4.0])), FACE)
    assert eyes.tilt(turned) == pytest.approx(angle)


@pytest.mark.parametrize("angle", ANGLES)
def test_levelled_eyes_are_level_and_their_middle_stays(angle: float) -> None:
    turned = affine.apply(affine.rotation(angle, np.array([3.0, 70.0])), FACE)
    levelled = affine.apply(eyes.level(turned), turned)
    assert levelled[0, 1] == pytest.approx(levelled[1, 1])
    assert levelled[0, 0] < levelled[1, 0]
    np.testing.assert_allclose(levelled[:2].mean(axis=0), turned[:2].mean(axis=0))


def test_unknown_or_equal_eyes_turn_nothing() -> None:
    same = np.tile([5.0, 5.0], (5, 1))
    for points in (np.full((5, 2), np.nan), same):
        np.testing.assert_allclose(eyes.level(points), [[1, 0, 0], [0, 1, 0]], atol=1e-12)


def test_leading_dimensions() -> None:
    turned = np.stack([affine.apply(affine.rotation(a, np.zeros(2)), FACE) for a in ANGLES])
    together = eyes.level(turned)
    for one, points in zip(together, turned, strict=True):
        np.testing.assert_allclose(one, eyes.level(points))


def test_a_crop_centres_its_box() -> None:
    crop = eyes.face_crop(BOX, FACE, 120, 100, size=96, crop=1.5)
    x, y, width, height = affine.move_box(crop, BOX)
    assert (x + width / 2, y + height / 2) == pytest.approx((48, 48))
    assert (width + height) / 2 == pytest.approx(96 / 1.5)


def test_a_whole_image_is_turned_about_the_middle_of_its_eyes() -> None:
    turned = affine.apply(affine.rotation(0.4, np.array([50.0, 60.0])), FACE)
    crop = eyes.face_crop(BOX, turned, 120, 120, size=120, crop=None)
    np.testing.assert_allclose(crop, eyes.level(turned))


def test_a_turned_photo_gives_the_same_crop() -> None:
    image = smooth_image()
    turn = affine.rotation(np.radians(30), FACE[:2].mean(axis=0))
    turned = affine.warp(image, turn, 120)
    straight = eyes.face_crop(BOX, FACE, 120, 100, size=40, crop=1.0)
    back = affine.compose(straight, eyes.level(affine.apply(turn, FACE)))
    difference = affine.warp(image, straight, 40).astype(int) - affine.warp(turned, back, 40)
    assert np.abs(difference).mean() < 2
