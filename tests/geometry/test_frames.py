"""Signs and conversions of the two frames."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from fer3d.geometry.frames import (
    FRONTAL_FACE_FROM_IMAGE,
    direction,
    pose_from_rotation,
    rotation_from_pose,
    rotation_from_vector,
    viewer_from_face,
)

NOSE, TOP, OWN_LEFT = np.eye(3)[2], np.eye(3)[1], np.eye(3)[0]  # directions in the face frame


def in_image(direction: np.ndarray, pitch: float, yaw: float, roll: float) -> np.ndarray:
    """Where a direction of the head points in the image frame."""
    return rotation_from_pose(np.array([pitch, yaw, roll])).T @ direction


def test_frontal_face_has_no_angles():
    assert np.allclose(pose_from_rotation(FRONTAL_FACE_FROM_IMAGE), 0)


def test_frontal_nose_points_to_the_viewer_and_the_top_of_the_head_up():
    assert np.allclose(in_image(NOSE, 0, 0, 0), [0, 0, -1])
    assert np.allclose(in_image(TOP, 0, 0, 0), [0, -1, 0])
    assert np.allclose(in_image(OWN_LEFT, 0, 0, 0), [1, 0, 0])


def test_looking_up_moves_the_nose_up_in_the_image():
    assert in_image(NOSE, 20, 0, 0)[1] < 0


def test_turning_to_ones_own_left_moves_the_nose_to_the_right_of_the_image():
    assert in_image(NOSE, 0, 20, 0)[0] > 0


def test_tilting_to_ones_own_right_shoulder_moves_the_top_to_the_left_of_the_image():
    assert in_image(TOP, 0, 0, 20)[0] < 0


def test_roll_does_not_move_the_nose():
    assert np.allclose(in_image(NOSE, 10, 30, 0), in_image(NOSE, 10, 30, 50))


def test_pose_and_rotation_are_inverses_with_leading_dimensions():
    rng = np.random.default_rng(0)
    pose = rng.uniform([-89, -179, -179], [89, 179, 179], size=(4, 5, 3))
    rotation = rotation_from_pose(pose)
    assert np.allclose(rotation @ np.swapaxes(rotation, -1, -2), np.eye(3))
    assert np.allclose(np.linalg.det(rotation), 1)
    assert np.allclose(pose_from_rotation(rotation), pose)


@pytest.mark.parametrize("pitch", [90.0, -90.0])
def test_a_face_that_points_straight_up_or_down_has_a_pose_that_leads_back(pitch: float):
    for yaw, roll in ((0, 0), (70, 0), (-130, 0), (40, 25), (10, -170)):
        rotation = rotation_from_pose(np.array([pitch, yaw, roll]))
        pose = pose_from_rotation(rotation)
        assert pose[0] == pytest.approx(pitch) and pose[2] == 0
        assert np.allclose(rotation_from_pose(pose), rotation)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(\.\.\., 3, 3\), got \(3, 4\)"):
        pose_from_rotation(np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"\(\.\.\., 3\), got \(2,\)"):
        rotation_from_pose(np.zeros(2))


def head(pitch: float = 0.0, yaw: float = 0.0, roll: float = 0.0) -> np.ndarray:
    return viewer_from_face(np.array([pitch, yaw, roll]))


def test_no_turn_is_the_identity():
    np.testing.assert_array_equal(head(), np.eye(3))


def test_a_turn_to_the_own_left_moves_the_nose_to_the_right_of_the_image():
    assert (head(yaw=20.0) @ NOSE)[0] == pytest.approx(np.sin(np.radians(20.0)))


def test_looking_up_lifts_the_nose():
    assert (head(pitch=20.0) @ NOSE)[1] == pytest.approx(np.sin(np.radians(20.0)))


def test_a_tilt_to_the_own_right_shoulder_moves_the_crown_to_the_left_of_the_image():
    assert (head(roll=20.0) @ TOP)[0] == pytest.approx(-np.sin(np.radians(20.0)))


def test_the_reconstruction_measures_the_same_angles():
    viewer_from_face = head(pitch=-12.0, yaw=41.0, roll=7.0)
    face_from_image = viewer_from_face.T @ FRONTAL_FACE_FROM_IMAGE
    np.testing.assert_allclose(pose_from_rotation(face_from_image), [-12.0, 41.0, 7.0])


def test_a_direction_is_that_of_the_nose_of_a_head_with_this_yaw_and_pitch():
    yaw, pitch = np.array([0.0, 30.0, -75.0, 140.0]), np.array([0.0, 20.0, -89.0, 5.0])
    nose = viewer_from_face(np.stack([pitch, yaw, 0 * yaw], axis=-1)) @ NOSE
    np.testing.assert_allclose(direction(np.radians(yaw), np.radians(pitch)), nose, atol=1e-12)
    np.testing.assert_array_equal(direction(0.0, 0.0), NOSE)


@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-4, 1.0, np.pi, 7.0])
def test_a_vector_is_an_axis_and_an_angle(angle):
    axes = np.random.default_rng(0).normal(size=(5, 2, 3))
    vectors = angle * axes / np.linalg.norm(axes, axis=-1, keepdims=True)
    expected = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(5, 2, 3, 3)
    np.testing.assert_allclose(rotation_from_vector(vectors), expected, atol=1e-14)
