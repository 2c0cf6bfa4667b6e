"""Loop subdivision as a matrix."""

import numpy as np
import pytest

from fer3d.reconstruction.subdivision import subdivide

OCTAHEDRON = np.array(
    [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]]
)
CORNERS = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
SQUARE = np.array([[0, 1, 2], [0, 2, 3]])


def volume(vertices: np.ndarray, triangles: np.ndarray) -> float:
    """Signed volume of a closed mesh, positive where triangles are wound outward."""
    return np.linalg.det(vertices[triangles]).sum() / 6


def test_a_closed_mesh_stays_closed_and_keeps_its_winding():
    fine = subdivide(OCTAHEDRON, 6, 2)
    vertices = fine(CORNERS)
    assert len(fine.triangles) == 8 * 4**2
    assert len(vertices) - len(fine.triangles) * 3 // 2 + len(fine.triangles) == 2  # Euler
    assert 0 < volume(vertices, fine.triangles) < volume(CORNERS, OCTAHEDRON)


def test_the_surface_moves_with_its_corners():
    fine = subdivide(OCTAHEDRON, 6, 2)
    linear, shift = np.random.default_rng(0).normal(size=(2, 3, 3))
    assert np.allclose(fine(CORNERS @ linear + shift[0]), fine(CORNERS) @ linear + shift[0])


def test_the_boundary_of_a_flat_patch_depends_on_the_boundary_alone():
    fine = subdivide(SQUARE, 4, 1)
    vertices = fine(np.array([[0, 0, 0], [8, 0, 0], [8, 8, 0], [0, 8, 0]]))
    assert np.allclose(vertices[0], [1, 1, 0])  # 3/4 of itself, 1/8 of each neighbour
    assert np.allclose(vertices[:, 2], 0)
    assert [4, 0, 0] in vertices.tolist()  # the middle of a boundary edge


def test_no_level_changes_nothing():
    fine = subdivide(SQUARE, 4, 0)
    vertices = np.random.default_rng(0).normal(size=(4, 3))
    assert np.array_equal(fine(vertices), vertices)
    assert np.array_equal(fine.triangles, SQUARE)


def test_batches_and_single_meshes_give_the_same_bytes():
    fine = subdivide(OCTAHEDRON, 6, 2)
    vertices = np.random.default_rng(0).normal(size=(2, 3, 6, 3))
    assert fine(vertices).shape == (2, 3, 66, 3)
    assert np.array_equal(fine(vertices)[1, 2], fine(vertices[1, 2]))


def test_what_is_no_surface_is_refused():
    with pytest.raises(ValueError, match="manifold"):
        subdivide(np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]]), 5, 1)
    with pytest.raises(ValueError, match="got -1"):
        subdivide(SQUARE, 4, -1)
    with pytest.raises(ValueError, match="expected 4 vertices, got 5"):
        subdivide(SQUARE, 4, 1)(np.zeros((5, 3)))
