"""68 landmarks on a real face."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from fer3d.geometry.frames import rotation_from_pose
from fer3d.reconstruction import facemesh, landmarks
from fer3d.reconstruction.recentralize import fit_similarity
from fer3d.reconstruction.topology import load_topology


@pytest.fixture(scope="module")
def mesh(assets_dir, astronaut, points) -> np.ndarray:
    network = facemesh.load_facemesh(assets_dir / facemesh.MODEL, passes=3)
    return network([astronaut], points[None])[0].vertices


@pytest.fixture(scope="module")
def found(assets_dir, astronaut, mesh) -> np.ndarray:
    return landmarks.load_dlib(assets_dir / landmarks.MODEL)([astronaut], mesh[None])[0]


@pytest.mark.parametrize("shape", [(467, 3), (468,)])
def test_vertices_of_another_mesh_are_caught(shape):
    """Shapes that reconstruction annotates are checked here, as in every test: see conftest.py."""
    with pytest.raises(TypeCheckError):
        landmarks.mesh_landmarks(np.zeros(shape))


def test_dlib_and_the_mesh_agree(found, mesh):
    own = landmarks.mesh_landmarks(mesh)[:, :2]
    between_eyes = np.linalg.norm(own[36:42].mean(axis=0) - own[42:48].mean(axis=0))
    distance = np.linalg.norm(found - own, axis=1) / between_eyes
    assert found.shape == (68, 2)
    assert np.median(distance[17:]) < 0.06
    assert distance[17:].max() < 0.2
    assert np.median(distance[:17]) < 0.2  # the outline differs by nature


def test_dlib_finds_the_eyes(found, points):
    assert np.abs(found[36:42].mean(axis=0) - points[0]).max() < 2
    assert np.abs(found[42:48].mean(axis=0) - points[1]).max() < 2


def test_a_shifted_image_shifts_the_landmarks(assets_dir, astronaut, mesh, found):
    shifted = np.pad(astronaut, ((7, 0), (4, 0), (0, 0)), mode="edge")
    there = mesh + np.array([4, 7, 0])
    moved = landmarks.load_dlib(assets_dir / landmarks.MODEL)([shifted], there[None])[0]
    assert np.allclose(moved - [4, 7], found, atol=1)


def test_landmarks_of_the_mesh_are_its_vertices(mesh):
    many = landmarks.mesh_landmarks(np.stack([mesh, mesh]))
    assert many.shape == (2, 68, 3)
    assert np.array_equal(many[1, 30], mesh[4])


def test_ibugs_points_turn_with_the_face(assets_dir):
    reference = load_topology(assets_dir, 0).reference
    turn = rotation_from_pose(np.array([5.0, 40, 10]))
    front, image = reference * [1, -1, -1], reference @ turn * 3 + [9, 8, 7]
    frontal = landmarks.ibug_landmarks(front, fit_similarity(front, reference))
    turned = landmarks.ibug_landmarks(image, fit_similarity(image, reference))
    assert np.allclose((frontal * [1, -1, -1]) @ turn * 3 + [9, 8, 7], turned)


def test_ibugs_points_are_symmetric(assets_dir):
    offset = landmarks.IBUG_OFFSET
    assert np.allclose(offset[:17], offset[16::-1] * [-1, 1, 1])
    assert np.abs(offset).max() < 2  # cm
