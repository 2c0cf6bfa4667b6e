"""Normals of a cloud of points: planes through each point's nearest neighbours."""

import numpy as np
from jaxtyping import Float, Shaped

MIN_NEIGHBOURS = 3  # points that a plane needs


def estimate_normals(
    points: Shaped[np.ndarray, "n 3"], neighbours: int, viewer: Shaped[np.ndarray, "3"]
) -> Float[np.ndarray, "n 3"]:
    """Unit normals of the least squares planes through nearest neighbours, towards the viewer.

    Args:
        points: (N, 3) float, any unit and frame.
        neighbours: points that a plane is fitted to; the point itself is one of them, as in
            Open3D. At least 3.
        viewer: (3,) float, direction to the viewer; no normal points away from it.

    Returns:
        (N, 3) float64, the same bytes whatever the number of threads.

    Raises:
        ValueError: fewer than 3 neighbours, or fewer points than that.

    Source: paper A, section 3.3.
    """
    import open3d

    if neighbours < MIN_NEIGHBOURS or len(points) < MIN_NEIGHBOURS:
        raise ValueError(
            f"expected at least {MIN_NEIGHBOURS} points and neighbours, "
            f"got {len(points)} and {neighbours}"
        )
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    cloud.estimate_normals(open3d.geometry.KDTreeSearchParamKNN(neighbours))
    return towards(np.asarray(cloud.normals), viewer)


def towards(
    normals: Float[np.ndarray, "*shape 3"], viewer: Shaped[np.ndarray, "3"]
) -> Float[np.ndarray, "*shape 3"]:
    """Normals, those that point away from the viewer reversed."""
    away = normals @ np.asarray(viewer, dtype=np.float64) < 0
    return np.where(away[..., None], -normals, normals)
