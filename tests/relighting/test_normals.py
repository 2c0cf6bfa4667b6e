"""Normals of point clouds."""

import subprocess
import sys

import numpy as np
import pytest

from fer3d.relighting.normals import estimate_normals

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


def test_the_number_of_threads_does_not_change_a_byte():
    code = (
        "import hashlib, numpy as np; from fer3d.relighting.normals import estimate_normals;"
        "points = np.random.default_rng(0).normal(size=(3000, 3));"
        "normals = estimate_normals(points, 10, np.array([0., 0., 1.]));"
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
