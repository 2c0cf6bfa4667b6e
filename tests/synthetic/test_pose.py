import numpy as np
import pytest

from fer3d.geometry.frames import FRONTAL_FACE_FROM_IMAGE, pose_from_rotation
from fer3d.synthetic.pose import Pose, rotation

NOSE, CROWN = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])


def test_no_turn_is_the_identity():
    np.testing.assert_array_equal(rotation(Pose()), np.eye(3))


def test_a_turn_to_the_own_left_moves_the_nose_to_the_right_of_the_image():
    assert (rotation(Pose(yaw=20.0)) @ NOSE)[0] == pytest.approx(np.sin(np.radians(20.0)))


def test_looking_up_lifts_the_nose():
    assert (rotation(Pose(pitch=20.0)) @ NOSE)[1] == pytest.approx(np.sin(np.radians(20.0)))


def test_a_tilt_to_the_own_right_shoulder_moves_the_crown_to_the_left_of_the_image():
    assert (rotation(Pose(roll=20.0)) @ CROWN)[0] == pytest.approx(-np.sin(np.radians(20.0)))


def test_the_reconstruction_measures_the_same_angles():
    viewer_from_face = rotation(Pose(pitch=-12.0, yaw=41.0, roll=7.0))
    face_from_image = viewer_from_face.T @ FRONTAL_FACE_FROM_IMAGE
    np.testing.assert_allclose(pose_from_rotation(face_from_image), [-12.0, 41.0, 7.0])
