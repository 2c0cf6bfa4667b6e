"""Normals of meshes whose shape is known."""

import numpy as np
import pytest

from fer3d.geometry.meshes import unit_vectors, vertex_normals

OCTAHEDRON = np.concatenate([np.eye(3), -np.eye(3)])
FACES = np.array(
    [[0, 1, 2], [1, 3, 2], [3, 4, 2], [4, 0, 2], [1, 0, 5], [3, 1, 5], [4, 3, 5], [0, 4, 5]]
)


def test_normals_of_an_octahedron_point_away_from_its_centre():
    normals = unit_vectors(vertex_normals(OCTAHEDRON, FACES))
    np.testing.assert_allclose(normals, OCTAHEDRON, atol=1e-12)


def test_a_normal_is_twice_the_area_around_it():
    corner = np.array([[0.0, 0, 0], [3, 0, 0], [0, 5, 0]])
    np.testing.assert_allclose(vertex_normals(corner, np.array([[0, 1, 2]])), [[0, 0, 15]] * 3)


def test_a_vertex_of_no_triangle_has_no_normal():
    vertices = np.concatenate([OCTAHEDRON, [[9.0, 9, 9]]])
    assert not unit_vectors(vertex_normals(vertices, FACES))[-1].any()


@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 2, 3)])
def test_unit_vectors_keep_their_directions(shape):
    vectors = np.random.default_rng(0).normal(size=shape)
    units = unit_vectors(vectors)
    np.testing.assert_allclose(np.linalg.norm(units, axis=-1), 1)
    np.testing.assert_allclose(np.cross(units, vectors), 0, atol=1e-12)
