import numpy as np
import pytest

from fer3d.alignment import eyes

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
    turned = eyes.apply(eyes.rotation(-angle, np.array([10.0, -4.0])), FACE)
    assert eyes.tilt(turned) == pytest.approx(angle)


@pytest.mark.parametrize("angle", ANGLES)
def test_levelled_eyes_are_level_and_their_middle_stays(angle: float) -> None:
    turned = eyes.apply(eyes.rotation(angle, np.array([3.0, 70.0])), FACE)
    levelled = eyes.apply(eyes.level(turned), turned)
    assert levelled[0, 1] == pytest.approx(levelled[1, 1])
    assert levelled[0, 0] < levelled[1, 0]
    np.testing.assert_allclose(levelled[:2].mean(axis=0), turned[:2].mean(axis=0))


def test_unknown_or_equal_eyes_turn_nothing() -> None:
    same = np.tile([5.0, 5.0], (5, 1))
    for points in (np.full((5, 2), np.nan), same):
        np.testing.assert_allclose(eyes.level(points), [[1, 0, 0], [0, 1, 0]], atol=1e-12)


def test_leading_dimensions() -> None:
    turned = np.stack([eyes.apply(eyes.rotation(a, np.zeros(2)), FACE) for a in ANGLES])
    together = eyes.level(turned)
    for one, points in zip(together, turned, strict=True):
        np.testing.assert_allclose(one, eyes.level(points))


def test_invert_undoes() -> None:
    affine = eyes.compose(eyes.window(np.array([4.0, 9.0]), 33, 100), eyes.rotation(0.7, FACE[0]))
    np.testing.assert_allclose(eyes.apply(eyes.invert(affine), eyes.apply(affine, FACE)), FACE)


def test_a_crop_centres_its_box() -> None:
    affine = eyes.face_crop(BOX, FACE, 120, 100, size=96, crop=1.5)
    x, y, width, height = eyes.move_box(affine, BOX)
    assert (x + width / 2, y + height / 2) == pytest.approx((48, 48))
    assert (width + height) / 2 == pytest.approx(96 / 1.5)


def test_a_whole_image_is_turned_about_the_middle_of_its_eyes() -> None:
    turned = eyes.apply(eyes.rotation(0.4, np.array([50.0, 60.0])), FACE)
    affine = eyes.face_crop(BOX, turned, 120, 120, size=120, crop=None)
    np.testing.assert_allclose(affine, eyes.level(turned))


@pytest.mark.parametrize("shape", [(120, 100), (100, 120), (7, 300), (1, 1)])
def test_a_whole_image_is_centred_and_fills_the_longer_side(shape: tuple[int, int]) -> None:
    affine = eyes.whole_image(*shape, size=60)
    corners = eyes.apply(affine, np.array([[0, 0], [shape[1], shape[0]]], float))
    np.testing.assert_allclose(corners.mean(axis=0), [30, 30])
    assert (corners[1] - corners[0]).max() == pytest.approx(60)


def test_the_identity_warp_changes_nothing() -> None:
    image = smooth_image(80, 80)
    np.testing.assert_array_equal(eyes.warp(image, eyes.whole_image(80, 80, 80), 80), image)


def test_a_turned_photo_gives_the_same_crop() -> None:
    image = smooth_image()
    turn = eyes.rotation(np.radians(30), FACE[:2].mean(axis=0))
    turned = eyes.warp(image, turn, 120)
    straight = eyes.face_crop(BOX, FACE, 120, 100, size=40, crop=1.0)
    back = eyes.compose(straight, eyes.level(eyes.apply(turn, FACE)))
    difference = eyes.warp(image, straight, 40).astype(int) - eyes.warp(turned, back, 40)
    assert np.abs(difference).mean() < 2


def test_shrinking_does_not_alias() -> None:
    stripes = np.zeros((800, 800, 3), np.uint8)
    stripes[:, ::2] = 255
    small = eyes.warp(stripes, eyes.whole_image(800, 800, 50), 50)
    assert np.ptp(small) <= 2 and abs(small.mean() - 127.5) < 2


def test_shrinking_keeps_places() -> None:
    image = np.zeros((700, 700, 3), np.uint8)
    image[300:400, 500:600] = 255  # its middle is at (550, 350)
    small = eyes.warp(image, eyes.whole_image(700, 700, 64), 64)[..., 0].astype(float)
    y, x = np.mgrid[:64, :64] + 0.5
    centre = np.array([(x * small).sum(), (y * small).sum()]) / small.sum()
    np.testing.assert_allclose(centre, np.array([550, 350]) * 64 / 700, atol=0.1)


def test_outside_the_border_goes_on() -> None:
    image = np.full((40, 20, 3), 9, np.uint8)
    assert (eyes.warp(image, eyes.whole_image(40, 20, 64), 64) == 9).all()


def test_the_input_is_left_alone() -> None:
    image = smooth_image()
    before = image.copy()
    eyes.warp(image, eyes.whole_image(120, 100, 20), 20)
    np.testing.assert_array_equal(image, before)
