"""The z-buffer."""

import numpy as np
import plain_raster
import pytest

from fer3d.reconstruction.topology import load_topology
from fer3d.relighting.raster import rasterize

QUAD = np.array([[0, 1, 2], [0, 2, 3]])


def square(low: float, high: float, z: float) -> np.ndarray:
    return np.array([[low, low, z], [high, low, z], [high, high, z], [low, high, z]])


def test_two_triangles_cover_a_square_without_holes():
    fragments = rasterize(square(2, 8, 0), QUAD, 10, 10)
    expected = np.zeros((10, 10), bool)
    expected[2:8, 2:8] = True  # the diagonal runs through pixel centres
    assert np.array_equal(fragments.covered, expected)


def test_a_turned_mesh_has_no_holes():
    side = np.arange(21.0)
    x, y = np.meshgrid(side, side)
    grid = np.stack([x, y, 0 * x], -1).reshape(-1, 3)
    corner = (np.arange(20)[:, None] * 21 + np.arange(20)).reshape(-1, 1)
    halves = np.array([[0, 1, 22], [0, 22, 21]])
    triangles = (corner + halves[:, None]).reshape(-1, 3)
    for angle in np.linspace(0, np.pi / 2, 37):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        moved = grid.copy()
        moved[:, :2] = (grid[:, :2] - 10) @ turn.T * 4 + 50
        covered = rasterize(moved, triangles, 100, 100).covered
        centres = np.stack(np.meshgrid(np.arange(100), np.arange(100)), -1) + 0.5
        inside = np.abs((centres - 50) @ turn / 4).max(axis=-1) < 10 - 1e-9
        assert covered[inside].all()


def test_the_nearer_surface_wins():
    vertices = np.concatenate([square(0, 10, 5), square(3, 7, 1)])
    triangles = np.concatenate([QUAD, QUAD + 4])
    triangle = rasterize(vertices, triangles, 10, 10).triangle
    assert np.all(triangle[3:7, 3:7] >= 2)
    assert np.all(triangle[:3] < 2)


def test_values_are_interpolated_linearly():
    vertices = square(0, 10, 0)
    fragments = rasterize(vertices, QUAD, 10, 10)
    picture = fragments.interpolate(vertices[:, :2], QUAD)
    x, y = np.meshgrid(np.arange(10) + 0.5, np.arange(10) + 0.5)
    assert np.allclose(picture, np.stack([x, y], -1))


def test_winding_does_not_matter_and_triangles_without_area_are_not_drawn():
    vertices = square(2, 8, 0)
    assert rasterize(vertices, QUAD[:, ::-1], 10, 10).covered.sum() == 36
    assert not rasterize(vertices, np.array([[0, 1, 1], [2, 2, 2]]), 10, 10).covered.any()


def test_what_lies_outside_the_picture_is_cut_off():
    assert rasterize(square(-5, 25, 0), QUAD, 10, 20).covered.all()
    assert not rasterize(square(30, 40, 0), QUAD, 10, 10).covered.any()


def test_nothing_to_draw_gives_an_empty_picture():
    fragments = rasterize(square(0, 1, 0), np.zeros((0, 3), int), 10, 10)
    assert not fragments.covered.any()
    assert not fragments.interpolate(np.ones(4), np.zeros((0, 3), int)).any()


def test_the_compiled_loop_gives_what_the_plain_one_gives(assets_dir):
    topology = load_topology(assets_dir, 2)
    rng = np.random.default_rng(0)
    for scale in (0.0, 0.5):  # as it is, and folded over itself
        face = topology.reference + rng.normal(scale=scale, size=(468, 3))
        vertices = topology.dense(face) * [5, -5, -5] + [50, 45, 0]
        plain = plain_raster.rasterize(vertices, topology.dense.triangles, 100, 90)
        fragments = rasterize(vertices, topology.dense.triangles, 100, 90)
        assert np.array_equal(fragments.triangle, plain.triangle)
        assert np.array_equal(fragments.weights, plain.weights)


def test_open3d_casts_its_rays_onto_the_same_triangles(assets_dir):
    import open3d

    topology = load_topology(assets_dir, 1)
    vertices = topology.dense(topology.reference) * [5, -5, -5] + [50, 45, 0]
    vertices = vertices.astype(np.float32)
    scene = open3d.t.geometry.RaycastingScene()
    scene.add_triangles(vertices, topology.dense.triangles.astype(np.uint32))
    x, y = np.meshgrid(np.arange(100) + 0.5, np.arange(100) + 0.5)
    rays = np.stack([x, y, 0 * x - 100, 0 * x, 0 * x, 0 * x + 1], -1).astype(np.float32)
    hits = scene.cast_rays(rays)["primitive_ids"].numpy().astype(np.int64)
    hits[hits == scene.INVALID_ID] = -1
    triangle = rasterize(vertices, topology.dense.triangles, 100, 100).triangle
    assert np.mean(triangle == hits) > 0.999
    assert np.mean((triangle >= 0) == (hits >= 0)) > 0.999


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(V, 3\), got \(4, 2\)"):
        rasterize(np.zeros((4, 2)), QUAD, 10, 10)
    with pytest.raises(ValueError, match="finite"):
        rasterize(np.full((4, 3), np.nan), QUAD, 10, 10)
