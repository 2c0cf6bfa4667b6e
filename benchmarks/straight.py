"""Faces as a researcher's script draws them: one at a time, triangle by triangle.

Public pieces joined in the plainest way, as in the demos of PRNet and 3DDFA. This is what the
pipeline is compared with; its pictures are not.
"""

import numpy as np

LEVEL = 255


def open3d_normals(points: np.ndarray, neighbours: int) -> np.ndarray:
    """Normals of one cloud by Open3D, towards the viewer."""
    import open3d

    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    cloud.estimate_normals(open3d.geometry.KDTreeSearchParamKNN(neighbours))
    cloud.orient_normals_to_align_with_direction(np.array([0.0, 0.0, 1.0]))
    return np.asarray(cloud.normals)


def draw(points: np.ndarray, triangles: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """A picture (S, S) uint8 of a surface: a z-buffer in a loop over its triangles.

    Args:
        points: (V, 3) px, z towards the scene.
        triangles: (T, 3).
        values: (V,) 0 to 1.
        size: of the picture, px.
    """
    depth, picture = np.full((size, size), np.inf), np.zeros((size, size))
    for triangle in triangles:
        corners = points[triangle]
        low = np.maximum(np.floor(corners[:, :2].min(axis=0)), 0).astype(int)
        high = np.minimum(np.ceil(corners[:, :2].max(axis=0)), size).astype(int)
        if np.any(high <= low):
            continue
        x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
        weights = _weights(corners, x, y)
        if weights is None:
            continue
        z, value = weights @ corners[:, 2], weights @ values[triangle]
        window = slice(low[1], high[1]), slice(low[0], high[0])
        nearer = (weights >= 0).all(axis=-1) & (z < depth[window])
        depth[window][nearer], picture[window][nearer] = z[nearer], value[nearer]
    return np.rint(LEVEL * picture).astype(np.uint8)


def _weights(corners: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """Barycentric coordinates (..., 3), or None for a triangle without area."""
    (ax, ay), (bx, by), (cx, cy) = corners[:, :2]
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if area == 0:
        return None
    v = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area
    w = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area
    return np.stack([1 - v - w, v, w], axis=-1)
