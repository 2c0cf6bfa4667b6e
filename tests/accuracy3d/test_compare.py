"""A face against its truth."""

from dataclasses import replace

import numpy as np
import pytest

from fer3d.accuracy3d.compare import compare, summarize, true_shading
from fer3d.accuracy3d.measures import rotation_error
from fer3d.accuracy3d.truth import TrueFace, camera_distance, seen_points, true_face
from fer3d.geometry import affine
from fer3d.geometry.frames import pose_from_rotation, rotation_from_pose
from fer3d.reconstruction.landmarks import mesh_landmarks
from fer3d.reconstruction.recentralize import place
from fer3d.reconstruction.reconstructor import Reason, Reconstruction
from fer3d.reconstruction.rigid import rigid_weights
from fer3d.reconstruction.topology import Topology, load_topology
from fer3d.relighting.shading import ShadingImage


@pytest.fixture(scope="module")
def topology(assets_dir) -> Topology:
    return load_topology(assets_dir, 2)


@pytest.fixture(scope="module")
def truth(rendered) -> TrueFace:
    true = rendered.truth
    arrays = (true.vertices_image, true.vertices_face, true.rotation)
    turned = affine.rotation(np.radians(9.0), np.array([64.0, 64.0]))
    return true_face(*(array.astype(np.float64) for array in arrays), 0.7 * turned)


@pytest.fixture(scope="module")
def perfect(truth, topology) -> Reconstruction:
    weights = rigid_weights(topology.reference, topology.triangles)
    placed = place(truth.vertices_face, topology.reference, np.eye(3), weights)
    landmarks = mesh_landmarks(truth.vertices_image)
    return Reconstruction(
        vertices_image=truth.vertices_image,
        vertices_face=placed(truth.vertices_face),
        landmarks_image=landmarks[:, :2],
        mesh_landmarks_image=landmarks,
        rotation=truth.rotation,
        pose=pose_from_rotation(truth.rotation),
        visible=seen_points(truth, topology.dense),
        presence=np.float32(1),
        reason=Reason.RECONSTRUCTED,
    )


@pytest.fixture(scope="module")
def relit(perfect, truth, topology, defaults) -> ShadingImage:
    return true_shading(truth, perfect.visible, topology, defaults.relight)


def test_a_perfect_reconstruction_has_no_error(perfect, relit, truth, topology, defaults):
    errors = compare(perfect, relit, truth, topology, defaults.relight)
    for name in ("vertices", "landmarks", "mesh_landmarks", "rotation", "shading"):
        assert getattr(errors, name) == pytest.approx(0, abs=1e-4), name
    assert errors.visibility == 1
    assert np.median(errors.normals) < 2  # planes through neighbours against the mesh's normals


def test_a_turn_of_five_degrees_is_an_error_of_five(perfect, relit, truth, topology, defaults):
    pose = pose_from_rotation(truth.rotation) + np.array([0, 5, 0])
    turned = replace(perfect, rotation=rotation_from_pose(pose))
    errors = compare(turned, relit, truth, topology, defaults.relight)
    assert errors.rotation == pytest.approx(5, abs=0.01)  # yaw turns about the image's y axis
    assert (errors.pitch, errors.turn, errors.roll) == pytest.approx((0, 5, 0), abs=1e-6)


def test_the_truth_follows_the_alignment(rendered, truth):
    planar = rendered.truth.vertices_image[:, :2] - 64.0
    turn = np.radians(9.0)
    expected = planar @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    assert np.allclose(truth.vertices_image[:, :2], 0.7 * (expected + 64.0), atol=1e-3)
    upright = rotation_from_pose(np.array([5.0, 25.0, -4.0]))  # as it was rendered
    assert rotation_error(truth.rotation, upright) == pytest.approx(9.0, abs=1e-3)


def test_the_camera_is_found_again(rendered):
    true = rendered.truth
    viewer = true.vertices_face.astype(np.float64) @ true.rotation.T.astype(np.float64)
    assert camera_distance(true.vertices_image.astype(np.float64), viewer) == pytest.approx(
        70, rel=1e-3
    )


def test_rays_agree_with_the_renderer_on_the_mesh_itself(rendered, truth, topology):
    seen = seen_points(truth, topology.dense)[:468]
    assert np.mean(seen == rendered.truth.visible) > 0.95


def test_numbers_of_many_faces(perfect, relit, truth, topology, defaults):
    errors = compare(perfect, relit, truth, topology, defaults.relight)
    numbers = summarize([errors, errors])
    assert numbers["images_by_yaw"]["15-30"] == 2 and numbers["images_by_yaw"]["0-15"] == 0
    assert numbers["visibility_iou"]["15-30"] == 1
    assert numbers["rotation_deg"]["15-30"]["median"] == 0
    assert numbers["rotation_deg"]["45-60"]["median"] is None
