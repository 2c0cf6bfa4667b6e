"""The pose of a mesh by its stiff parts."""

import numpy as np
import plain_perspective
import pytest

from fer3d.accuracy3d.measures import rotation_error
from fer3d.geometry.frames import rotation_from_pose
from fer3d.reconstruction.perspective import normal_equations
from fer3d.reconstruction.recentralize import fit_similarity, place
from fer3d.reconstruction.rigid import DISTANCE, LENS, fit_rigid, rigid_weights, turn_to_front
from fer3d.reconstruction.topology import Topology, load_topology

POSES = np.array([[0.0, 0, 0], [10, 40, -20], [-25, -60, 30]])


@pytest.fixture(scope="module")
def topology(assets_dir) -> Topology:
    return load_topology(assets_dir, 0)


@pytest.fixture(scope="module")
def weights(topology) -> np.ndarray:
    return rigid_weights(topology.reference, topology.triangles)


def photo(
    face: np.ndarray, pose: np.ndarray, weights: np.ndarray, distance: float = DISTANCE
) -> np.ndarray:
    """A face (V, 3), cm, as a camera so many cm away sees it, 5 px a cm."""
    turned = (face - weights @ face) @ rotation_from_pose(pose)
    near = 1 / (1 + turned[..., 2:] / distance)
    return 5 * np.concatenate([turned[..., :2] * near, turned[..., 2:]], axis=-1) + [50, 40, 7]


def test_the_pose_of_a_camera_picture_is_recovered(topology, weights):
    images = np.stack([photo(topology.reference, pose, weights) for pose in POSES])
    fit = fit_rigid(images, topology.reference, weights)
    assert rotation_error(fit.rotation, rotation_from_pose(POSES)) == pytest.approx(0, abs=0.05)
    assert fit.scale == pytest.approx(1 / 5, rel=0.02)
    assert np.allclose(np.linalg.det(fit.rotation), 1)


def test_errors_in_depth_count_less(topology, weights):
    image = photo(topology.reference, POSES[1], weights)
    image[:, 2] *= 1.3
    truth = rotation_from_pose(POSES[1])
    ours = rotation_error(fit_rigid(image, topology.reference, weights).rotation, truth)
    assert ours < rotation_error(fit_similarity(image, topology.reference).rotation, truth) / 2


def test_a_turned_face_keeps_the_shape_that_it_has_from_the_front(topology, weights):
    """Without the correction, the near half of a face would be larger than the far one."""
    for pose in POSES:
        image = photo(topology.reference, pose, weights, LENS)
        fit, face = turn_to_front(image, topology.reference, weights)
        kept = np.abs(face - topology.reference).max()
        drawn = np.abs(fit(image) - topology.reference).max()
        assert kept < 0.25 and drawn > 2 * kept  # cm


def test_leading_dimensions_do_not_matter(topology, weights):
    images = np.stack([photo(topology.reference, pose, weights) for pose in POSES])
    fits, faces = turn_to_front(images, topology.reference, weights)
    fit, face = turn_to_front(images[1], topology.reference, weights)
    assert np.allclose(fits.rotation[1], fit.rotation) and np.allclose(faces[1], face)


def test_weights_are_those_of_the_surface(topology, weights):
    assert weights.sum() == pytest.approx(1)
    assert (weights > 0).all()
    assert weights == pytest.approx(weights[topology.mirror], rel=0.05)  # nearly symmetric
    assert weights[[50, 280]].min() > weights[[0, 17, 152]].max()  # cheeks over lips and chin


def test_a_known_rotation_leaves_scale_and_place(topology, weights):
    rotation = rotation_from_pose(POSES[2])
    image = (topology.reference - [1, 2, 3]) @ rotation * 5 + [50, 60, -7]
    assert np.allclose(
        place(image, topology.reference, rotation, weights)(image), topology.reference
    )


def test_normal_equations_are_those_of_the_plain_code(topology, weights):
    rng = np.random.default_rng(0)
    rotations = rotation_from_pose(rng.uniform(-60, 60, size=(5, 3)))
    share = weights / weights.sum()
    image = rng.normal(size=(5, 468, 3)) * 40
    image -= np.einsum("v,nvd->nd", share, image)[:, None]
    model = topology.reference - share @ topology.reference
    arguments = image, model, share, rotations, 60.0, 0.3
    for fast, plain in zip(
        normal_equations(*arguments), plain_perspective.normal_equations(*arguments), strict=True
    ):
        assert np.allclose(fast, plain, rtol=1e-9, atol=1e-9)
