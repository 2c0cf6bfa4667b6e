"""Eigenvectors of covariances against NumPy's."""

import numpy as np
import pytest

from fer3d.relighting.planes import plane_normals


def covariances(spread: tuple[float, float, float], count: int = 2000) -> np.ndarray:
    """(count, 3, 3): random directions with given eigenvalues."""
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(count, 3, 3)))[0]
    return np.einsum("nij,j,nkj->nik", axes, np.array(spread), axes)


def normals_of(matrices: np.ndarray) -> np.ndarray:
    rows, columns = np.triu_indices(3)
    return plane_normals(np.ascontiguousarray(matrices[:, rows, columns].T))


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e6])
@pytest.mark.parametrize("spread", [(1, 0.8, 0), (1, 0.8, 1e-4), (1, 0.3, 0.1), (1, 0.99, 0.01)])
def test_of_a_plane_it_is_the_direction_of_least_spread(spread, scale):
    matrices = covariances(spread) * scale
    expected = np.linalg.eigh(matrices).eigenvectors[..., 0]
    normals = normals_of(matrices)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)
    assert np.abs(np.abs((normals * expected).sum(axis=1)) - 1).max() < 1e-12


@pytest.mark.parametrize("spread", [(1, 1e-7, 0), (1, 1, 1), (1, 1e-3, 1e-3)])
def test_where_the_direction_is_not_unique_it_is_one_of_least_spread(spread):
    matrices = covariances(spread)
    normals = normals_of(matrices)
    across = np.einsum("ni,nij,nj->n", normals, matrices, normals)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)
    assert np.abs(across - min(spread)).max() < 1e-6


def test_points_in_one_place_have_no_normal():
    assert not normals_of(np.zeros((3, 3, 3))).any()
