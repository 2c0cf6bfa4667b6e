"""Normals of point clouds."""

import subprocess
import sys

import numpy as np
import pytest

from fer3d.reconstruction.topology import load_topology
from fer3d.relighting.normals import estimate_normals, likely_neighbours, open3d_normals

VIEWER = np.array([0.0, 0.0, 1.0])


def hemisphere(count: int) -> np.ndarray:
    """Points spread evenly over the near half of a unit sphere (Fibonacci lattice)."""
    k = np.arange(count) + 0.5
    z = k / count
    angle = np.pi * (1 + 5**0.5) * k
    return np.stack([np.cos(angle) * np.sqrt(1 - z**2), np.sin(angle) * np.sqrt(1 - z**2), z], 1)


def test_normals_of_a_sphere_are_its_radii():
    points = hemisphere(4000)
    normals = estimate_normals(points, 10, VIEWER)
    inner = points[:, 2] > 0.1
    angles = np.degrees(np.arccos(np.clip((normals * points).sum(axis=1), -1, 1)))
    assert angles[inner].max() < 1.5
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)


def test_no_normal_points_away_from_the_viewer():
    points = np.random.default_rng(0).normal(size=(500, 3))
    viewer = np.array([1.0, -2.0, 0.5])
    assert np.all(estimate_normals(points, 10, viewer) @ viewer >= 0)


def test_a_tilted_plane_has_one_normal():
    x, y = np.random.default_rng(0).uniform(-1, 1, size=(2, 300))
    normals = estimate_normals(np.stack([x, y, 0.5 * x], axis=1), 10, VIEWER)
    assert np.allclose(normals, np.array([-0.5, 0, 1]) / np.hypot(0.5, 1), atol=1e-6)


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="at least 3 points and neighbours, got 2 and 10"):
        estimate_normals(np.zeros((2, 3)), 10, VIEWER)
    with pytest.raises(ValueError, match="got 50 and 2"):
        estimate_normals(np.zeros((50, 3)), 2, VIEWER)
    with pytest.raises(ValueError, match="finite"):
        estimate_normals(np.full((50, 3), np.inf), 10, VIEWER)


@pytest.mark.parametrize("scale", [0.0, 0.02, 0.3])
def test_normals_of_a_face_are_those_of_open3d(assets_dir, scale):
    topology = load_topology(assets_dir, 2)
    rng = np.random.default_rng(0)
    # without noise some distances are equal, and either order of the neighbours is right
    face = topology.reference + rng.normal(scale=max(scale, 1e-9), size=(468, 3))
    points = topology.dense(face)
    visible = points[:, 0] + rng.normal(scale=2.0, size=len(points)) < 3
    likely = likely_neighbours(topology.dense(topology.reference))
    expected = open3d_normals(points, 10, VIEWER, visible)
    normals = estimate_normals(points, 10, VIEWER, visible, likely)
    assert np.abs(normals - expected).max() < 1e-8


@pytest.mark.parametrize("neighbours", [3, 10, 40])
def test_a_guess_changes_no_bit(neighbours):
    points = np.random.default_rng(0).normal(size=(600, 3))
    expected = estimate_normals(points, neighbours, VIEWER)
    assert np.allclose(expected, open3d_normals(points, neighbours, VIEWER), atol=1e-8)
    good, bad = likely_neighbours(points), np.random.default_rng(1).integers(600, size=(600, 24))
    bad = np.array([np.unique(row)[:20] for row in np.sort(bad)])
    for likely in (good, bad):
        normals = estimate_normals(points, neighbours, VIEWER, None, likely)
        assert np.array_equal(normals, expected)


def test_a_guess_decides_nothing_between_equally_near_points():
    lattice = np.stack(np.meshgrid(*[np.arange(8.0)] * 3), axis=-1).reshape(-1, 3)
    expected = estimate_normals(lattice, 10, VIEWER)
    far = np.array([(p + np.arange(0, 512, 23)) % 512 for p in range(512)])
    assert np.array_equal(estimate_normals(lattice, 10, VIEWER, None, far), expected)


def test_points_on_a_line_or_in_one_place_have_neighbours_too():
    line = np.arange(40.0)[:, None] * [0, 0, 1]
    for points in (line, line[:, ::-1], np.zeros((40, 3))):
        normals = estimate_normals(points, 10, VIEWER)
        assert np.isfinite(normals).all()
        assert np.allclose(normals @ (points[-1] - points[0]), 0)


def test_hidden_points_have_no_normal_and_are_not_neighbours():
    points = np.random.default_rng(0).normal(size=(300, 3))
    visible = points[:, 1] > 0
    normals = estimate_normals(points, 10, VIEWER, visible)
    assert np.array_equal(normals[visible], estimate_normals(points[visible], 10, VIEWER))
    assert not normals[~visible].any()


def test_the_number_of_threads_of_open3d_does_not_change_a_byte():
    """Ours has one thread."""
    code = (
        "import hashlib, numpy as np; from fer3d.relighting.normals import open3d_normals;"
        "points = np.random.default_rng(0).normal(size=(3000, 3));"
        "normals = open3d_normals(points, 10, np.array([0., 0., 1.]));"
        "print(hashlib.sha256(normals.tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"OMP_NUM_THREADS": threads},
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(digests) == 1
