"""Procrustes and similarity."""

import numpy as np
import pytest

from fer3d.geometry.frames import rotation_from_pose
from fer3d.reconstruction.recentralize import fit_similarity, is_degenerate, procrustes


@pytest.fixture
def points() -> np.ndarray:
    points = np.random.default_rng(0).normal(size=(68, 3)) * [6, 7, 3]
    return points - points.mean(axis=0)


def test_a_known_rotation_is_recovered(points):
    rotation = rotation_from_pose(np.array([[10, 50, -20], [-30, -80, 170]]))
    found = procrustes(points @ rotation, np.stack([points, points]))
    assert np.allclose(found, rotation)


def test_noise_moves_the_rotation_a_little(points):
    rotation = rotation_from_pose(np.array([10.0, 50, -20]))
    noise = np.random.default_rng(1).normal(scale=0.1, size=points.shape)
    assert np.allclose(procrustes(points @ rotation + noise, points), rotation, atol=0.02)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirror_image_gives_a_rotation_never_a_reflection(points, axis):
    mirrored = points.copy()
    mirrored[:, axis] *= -1
    assert np.isclose(np.linalg.det(procrustes(mirrored, points)), 1)


def test_a_flat_face_still_has_one_rotation(points):
    flat = points * [1, 1, 0]
    rotation = rotation_from_pose(np.array([10.0, 50, -20]))
    assert np.allclose(procrustes(flat @ rotation, flat), rotation)


def test_a_known_similarity_is_recovered(points):
    rotation = rotation_from_pose(np.array([10.0, 50, -20]))
    image = (points - [1, 2, 3]) @ rotation * 5 + [50, 60, -7]
    similarity = fit_similarity(image, points)
    assert np.allclose(similarity.rotation, rotation)
    assert np.isclose(similarity.scale, 1 / 5)
    assert np.allclose(similarity(image), points)


def test_points_of_weight_zero_do_not_count(points):
    rotation = rotation_from_pose(np.array([10.0, 50, -20]))
    spoilt = points @ rotation
    spoilt[:10] += 100
    weights = np.r_[np.zeros(10), np.ones(58)]
    assert np.allclose(fit_similarity(spoilt, points, weights).rotation, rotation)


def test_leading_dimensions_do_not_matter(points):
    images = np.random.default_rng(1).normal(size=(2, 3, 68, 3))
    many = fit_similarity(images, points)
    one = fit_similarity(images[1, 2], points)
    assert many.rotation.shape == (2, 3, 3, 3)
    assert np.allclose(many.rotation[1, 2], one.rotation)
    assert np.allclose(many(images)[1, 2], one(images[1, 2]))


def test_six_pairs_are_needed(points):
    procrustes(points[:6], points[:6])
    with pytest.raises(ValueError, match="at least 6 pairs of points, got 5"):
        procrustes(points[:5], points[:5])
    with pytest.raises(ValueError, match="got 5"):
        fit_similarity(points, points, np.r_[np.ones(5), np.zeros(63)])


def test_points_that_leave_a_rotation_open_are_refused(points):
    line = points[:, :1] * [1.0, 2.0, 3.0]
    for bad in (line, np.zeros_like(points), np.full_like(points, np.nan)):
        assert is_degenerate(bad)
        with pytest.raises(ValueError, match="one line"):
            procrustes(bad, points)
    assert np.array_equal(is_degenerate(np.stack([points, line])), [False, True])


def test_different_numbers_of_points_are_refused(points):
    with pytest.raises(ValueError, match=r"got \(68, 3\) and \(67, 3\)"):
        procrustes(points, points[1:])
