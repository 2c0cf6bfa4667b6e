"""Normals of a point cloud: planes fitted to the nearest neighbours of each point."""

import numpy as np
from jaxtyping import Bool, Float, Integer, Shaped

from fer3d.geometry.cells import sort_into_cells
from fer3d.relighting.neighbours import nearest_neighbours, neighbour_covariances
from fer3d.relighting.planes import plane_normals

MIN_NEIGHBOURS = 3  # points that a plane needs
CELLS = 1.0  # per point, in the square around a face
LIKELY = 24  # per point; they include the ten nearest visible ones except for 4 points in 10,000


def estimate_normals(
    points: Shaped[np.ndarray, "n 3"],
    neighbours: int,
    viewer: Shaped[np.ndarray, "3"],
    visible: Bool[np.ndarray, " n"] | None = None,
    likely: Integer[np.ndarray, "n g"] | None = None,
) -> Float[np.ndarray, "n 3"]:
    """Unit normals of the least squares planes through nearest neighbours, towards the viewer.

    Equals Open3D (:func:`open3d_normals`) but for rounding, in a quarter of the time.

    Args:
        points: (N, 3) float, any unit and frame.
        neighbours: number of points that a plane is fitted to, at least 3; includes the point
            itself, as in Open3D.
        viewer: (3,) float, direction to the viewer, for the sign of the normals.
        visible: (N,) bool, points to use; the others are ignored. All by default.
        likely: (N, G) int, see :func:`likely_neighbours`; only affects the speed.

    Returns:
        (N, 3) float64; zero for points that are not visible.

    Raises:
        ValueError: fewer than 3 neighbours, or fewer points than that, or points not finite.

    Source: paper A, section 3.3.
    """
    used = np.arange(len(points)) if visible is None else np.flatnonzero(visible)
    _check(len(used), neighbours)
    points = np.ascontiguousarray(points, np.float64)
    if not np.isfinite(points).all():
        raise ValueError("expected finite points")
    guess = np.zeros((len(points), 0), np.int32) if likely is None else likely
    grid = sort_into_cells(points, used, CELLS)
    normals = np.zeros(points.shape)
    spread = neighbour_covariances(points, grid, guess, neighbours)
    normals[grid.order] = towards(plane_normals(spread), viewer)
    return normals


def open3d_normals(
    points: Shaped[np.ndarray, "n 3"],
    neighbours: int,
    viewer: Shaped[np.ndarray, "3"],
    visible: Bool[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, "n 3"]:
    """:func:`estimate_normals` by Open3D, which the paper uses: the reference."""
    import open3d

    used = np.arange(len(points)) if visible is None else np.flatnonzero(visible)
    _check(len(used), neighbours)
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points[used]))
    cloud.estimate_normals(open3d.geometry.KDTreeSearchParamKNN(neighbours))
    normals = np.zeros(points.shape)
    normals[used] = towards(np.asarray(cloud.normals), viewer)
    return normals


def likely_neighbours(points: Float[np.ndarray, "n 3"]) -> Integer[np.ndarray, "n g"]:
    """The nearest points of each point, itself first: (N, G) int32, G at most ``LIKELY``.

    Args:
        points: (N, 3) float, of one face; they are likely neighbours on other faces too.
    """
    points = np.ascontiguousarray(points, np.float64)
    grid = sort_into_cells(points, np.arange(len(points)), CELLS)
    return nearest_neighbours(points, grid, min(LIKELY, len(points)))


def towards(
    normals: Float[np.ndarray, "*shape 3"], viewer: Shaped[np.ndarray, "3"]
) -> Float[np.ndarray, "*shape 3"]:
    """Normals, reversed if they point away from the viewer."""
    away = normals @ np.asarray(viewer, dtype=np.float64) < 0
    return np.where(away[..., None], -normals, normals)


def _check(points: int, neighbours: int) -> None:
    if neighbours < MIN_NEIGHBOURS or points < MIN_NEIGHBOURS:
        raise ValueError(
            f"expected at least {MIN_NEIGHBOURS} points and neighbours, "
            f"got {points} and {neighbours}"
        )
