"""Error measures of known cases."""

import numpy as np
import pytest

from fer3d.accuracy3d import measures
from fer3d.geometry.frames import rotation_from_pose


@pytest.fixture
def points() -> np.ndarray:
    corners = np.array([[0.0, 0, 0], [8, 0, 1], [8, 2, 2], [0, 2, 3]])
    return np.concatenate([corners, [[4, 1, 5]]])


def test_the_side_of_a_box_is_the_geometric_mean(points):
    assert measures.box_side(points) == pytest.approx(4)
    assert measures.box_side(np.stack([points, 2 * points])) == pytest.approx([4, 8])


def test_a_perfect_prediction_has_no_error(points):
    rotation = rotation_from_pose(np.array([10.0, 40, -5]))
    assert measures.landmark_error(points, points) == 0
    assert measures.vertex_error(points, points) == 0
    assert measures.rotation_error(rotation, rotation) == pytest.approx(0, abs=1e-6)
    assert measures.normal_error(rotation, rotation) == pytest.approx([0, 0, 0], abs=1e-5)


def test_a_shift_is_so_many_percent_of_the_box(points):
    shifted = points + np.array([0.3, 0.4, 100])
    assert measures.landmark_error(shifted, points) == pytest.approx(100 * 0.5 / 4)
    assert measures.vertex_error(shifted, points) == pytest.approx(100 * 0.5 / 4)
    assert points[0, 2] == 0  # the argument stays as it is


@pytest.mark.parametrize("degrees", [0.01, 7.0, 90.0, 179.0])
def test_a_known_turn_is_so_many_degrees(degrees):
    start = rotation_from_pose(np.array([20.0, -30, 10]))
    turned = rotation_from_pose(np.array([0.0, degrees, 0])) @ rotation_from_pose(np.zeros(3)).T
    assert measures.rotation_error(turned @ start, start) == pytest.approx(degrees, abs=1e-6)


def test_angles_differ_the_short_way_round():
    assert measures.angle_error(np.array([179.0, 5]), np.array([-179.0, 15])).tolist() == [-2, -10]


def test_masks_overlap():
    a, b = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool)
    assert measures.overlap(a, a) == 1
    assert measures.overlap(a, b) == pytest.approx(1 / 3)
    assert measures.overlap(a, ~a) == 0
    assert measures.overlap(a & b & ~a, a & ~a) == 1


def test_a_picture_correlates_with_itself_whatever_its_contrast():
    picture = np.random.default_rng(0).random((20, 20))
    mask = np.ones((20, 20), bool)
    mask[:5] = False
    assert measures.correlation(picture, picture, mask) == pytest.approx(1)
    assert measures.correlation(picture, 3 * picture + 7, mask) == pytest.approx(1)
    assert measures.correlation(picture, -picture, mask) == pytest.approx(-1)
    spoilt = picture.copy()
    spoilt[:5] = 100
    assert measures.correlation(spoilt, picture, mask) == pytest.approx(1)


def test_no_contrast_has_no_correlation():
    flat, mask = np.ones((4, 4)), np.ones((4, 4), bool)
    assert np.isnan(measures.correlation(flat, flat, mask))
    assert np.isnan(measures.correlation(flat, flat, ~mask))


def test_every_yaw_falls_into_one_bin():
    yaw = np.array([0.0, -15, 29.99, -30, 45, 60])
    counts = np.sum([measures.in_bin(yaw, *ends) for ends in measures.YAW_BINS], axis=0)
    assert counts.tolist() == [1] * 6
