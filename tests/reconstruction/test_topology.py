"""The fixed mesh and its landmark indices."""

import numpy as np
import pytest

from fer3d.geometry.meshes import vertex_normals
from fer3d.reconstruction.topology import LANDMARKS_68, load_topology, mirror_indices

MIRROR_68 = [
    *range(16, -1, -1),  # outline
    *range(26, 16, -1),  # brows
    *(27, 28, 29, 30, 35, 34, 33, 32, 31),  # nose
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),  # eyes
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),  # outer lips
    *(64, 63, 62, 61, 60, 67, 66, 65),  # inner lips
]


@pytest.mark.parametrize(("levels", "points"), [(0, 468), (1, 1833), (2, 7257)])
def test_points_of_the_dense_surface(assets_dir, levels, points):
    surface = load_topology(assets_dir, levels).dense
    assert surface.matrix.shape == (points, 468)
    assert surface.triangles.shape == (898 * 4**levels, 3)
    assert np.array_equal(np.unique(surface.triangles), np.arange(points))


def test_triangles_face_outward(assets_dir):
    topology = load_topology(assets_dir, 0)
    normals = vertex_normals(topology.reference, topology.triangles)
    assert (normals[:, 2] > 0).mean() > 0.97  # nostrils and the rim turn away


def test_landmarks_mirror_each_other(assets_dir):
    points = load_topology(assets_dir, 0).reference[LANDMARKS_68]
    assert len(set(LANDMARKS_68)) == 68
    assert np.allclose(points[MIRROR_68] * [-1, 1, 1], points, atol=1e-3)


def test_mirroring_twice_gives_every_vertex_back(assets_dir):
    topology = load_topology(assets_dir, 0)
    assert np.array_equal(topology.mirror[topology.mirror], np.arange(468))


def test_a_face_without_symmetry_has_no_mirror():
    with pytest.raises(ValueError, match=r"vertices differ by 2\.000"):
        mirror_indices(np.array([[1.0, 0, 0], [0, 0, 0]]) * 2)


def test_landmarks_stand_in_the_order_of_300w(assets_dir):
    x, y, z = load_topology(assets_dir, 0).reference[LANDMARKS_68].T
    assert np.all(np.diff(x[:17]) > 0)  # outline, from the subject's right
    assert np.all(np.diff(y[27:31]) < 0)  # ridge of the nose, downwards
    assert z.argmax() == 30  # tip of the nose
    assert x[36] < x[39] < 0 < x[42] < x[45]  # eye corners
    assert y[51] > y[62] > y[66] > y[57]  # lips: outer upper, inner upper, inner lower, outer lower
