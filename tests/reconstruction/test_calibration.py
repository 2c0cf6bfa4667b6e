"""Correction of the network's systematic error."""

import numpy as np
import pytest

from fer3d.geometry.frames import rotation_from_pose
from fer3d.reconstruction.calibration import calibrate, load_fields, pose_terms
from fer3d.reconstruction.rigid import rigid_weights
from fer3d.reconstruction.topology import Topology, load_topology

MIRROR = np.array([-1.0, 1.0, 1.0])
POSE = np.array([8.0, 30.0, -12.0])


def calibrated(meshes: np.ndarray, topology: Topology) -> np.ndarray:
    weights = rigid_weights(topology.reference, topology.triangles)
    return calibrate(meshes, topology.reference, weights, load_fields(5))


def test_left_and_right_are_treated_alike(assets_dir):
    topology = load_topology(assets_dir, 0)
    image = topology.reference @ rotation_from_pose(POSE) * 5
    mirrored = image[topology.mirror] * MIRROR
    straight, other = (calibrated(mesh, topology) for mesh in (image, mirrored))
    assert np.allclose(straight[topology.mirror] * MIRROR, other, atol=0.1)


def test_size_and_place_do_not_matter(assets_dir):
    topology = load_topology(assets_dir, 0)
    image = topology.reference @ rotation_from_pose(POSE) * 5
    moved = calibrated(3 * image + [10, 20, 30], topology)
    assert np.allclose(3 * calibrated(image, topology) + [10, 20, 30], moved)


def test_leading_dimensions_do_not_matter(assets_dir):
    topology = load_topology(assets_dir, 0)
    images = topology.reference @ rotation_from_pose(np.array([POSE, -POSE, [0, 0, 0]])) * 5
    assert np.allclose(calibrated(images, topology)[1], calibrated(images[1], topology))


@pytest.mark.parametrize("passes", [3, 5])
def test_the_chin_of_a_frontal_face_goes_down_and_the_mesh_stays_smooth(passes):
    fields = load_fields(passes)
    assert fields.shape == (11, 468, 3)
    assert -1.2 < fields[0, 152, 1] < -0.3
    assert np.abs(fields[0]).max() < 1.5  # cm


def test_beyond_what_was_measured_nothing_grows():
    far, farther = (pose_terms(rotation_from_pose(np.array([0.0, yaw, 0]))) for yaw in (60, 85))
    assert far == pytest.approx(farther)
