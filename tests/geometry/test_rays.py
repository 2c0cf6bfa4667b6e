"""Rays at meshes whose places are known."""

import numpy as np
import pytest

from fer3d.geometry.meshes import TriangleMesh
from fer3d.geometry.rays import Caster

SQUARE = np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
HALVES = np.array([[0, 1, 2], [0, 2, 3]])
FORWARD = np.array([[0.0, 0.0, 1.0]])


def squares(*depths: float) -> Caster:
    """Squares of side 2 across the z axis."""
    return Caster(TriangleMesh(SQUARE + np.array([0, 0, z]), HALVES) for z in depths)


def test_the_nearest_mesh_is_hit():
    caster = squares(5, 3)
    hit = caster.cast(np.zeros(3), FORWARD)
    assert hit["t_hit"] == pytest.approx(3) and hit["geometry_ids"] == 1
    assert caster.distances(np.zeros(3), -FORWARD) == np.inf


def test_weights_say_where_in_the_triangle_the_ray_hits():
    hit = squares(3).cast(np.array([0.5, -0.25, 0.0]), FORWARD)
    second, third = hit["primitive_uvs"][0]
    a, b, c = SQUARE[HALVES[hit["primitive_ids"][0]]]
    point = (1 - second - third) * a + second * b + third * c
    np.testing.assert_allclose(point[:2], [0.5, -0.25], atol=1e-6)


def test_every_ray_may_have_its_own_origin():
    origins = np.array([[0.0, 0, 0], [5, 0, 0]])
    assert squares(3).occluded(origins, np.repeat(FORWARD, 2, axis=0)).tolist() == [True, False]


@pytest.mark.parametrize(("depth", "seen"), [(2.9, True), (3.0, True), (3.05, True), (3.2, False)])
def test_a_point_is_seen_up_to_the_tolerance_behind_a_mesh(depth, seen):
    points = np.array([[0.1, 0.2, depth]])
    assert squares(3).sees(np.zeros(3), points, tolerance=0.1) == seen
