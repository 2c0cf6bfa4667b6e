"""Ray casting with Open3D, in one thread, so that equal input gives equal bytes."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Shaped

from fer3d.geometry.meshes import TriangleMesh


class Caster:
    """Meshes that rays can hit, numbered from 0 in the given order."""

    def __init__(self, meshes: Iterable[TriangleMesh]):
        """
        Args:
            meshes: converted to float32.
        """
        import open3d

        self._scene = open3d.t.geometry.RaycastingScene(nthreads=1)
        for mesh in meshes:
            self._scene.add_triangles(
                open3d.core.Tensor.from_numpy(mesh.vertices.astype(np.float32)),
                open3d.core.Tensor.from_numpy(mesh.triangles.astype(np.uint32)),
            )

    def cast(
        self, origin: Shaped[np.ndarray, "..."], directions: Shaped[np.ndarray, "n 3"]
    ) -> dict[str, np.ndarray]:
        """Where rays first hit a mesh.

        Args:
            origin: (3,) of all rays, or (n, 3).
            directions: unit vectors.

        Returns:
            ``t_hit`` (n,) float32, distance, infinite if nothing is hit; ``geometry_ids`` and
            ``primitive_ids`` (n,), numbers of mesh and triangle; ``primitive_uvs`` (n, 2) float32,
            barycentric weights of the triangle's second and third corner.
        """
        answer = self._scene.cast_rays(_rays(origin, directions), nthreads=1)
        return {name: values.numpy() for name, values in answer.items()}

    def distances(
        self, origin: Shaped[np.ndarray, "..."], directions: Shaped[np.ndarray, "n 3"]
    ) -> Float[np.ndarray, " n"]:
        """Distances to the first hit, infinite if a ray hits nothing."""
        return self.cast(origin, directions)["t_hit"]

    def occluded(
        self, origin: Shaped[np.ndarray, "..."], directions: Shaped[np.ndarray, "n 3"]
    ) -> Bool[np.ndarray, " n"]:
        """Whether rays hit any mesh."""
        return self._scene.test_occlusions(_rays(origin, directions), nthreads=1).numpy()

    def sees(
        self, viewer: Shaped[np.ndarray, "3"], points: Shaped[np.ndarray, "n 3"], tolerance: float
    ) -> Bool[np.ndarray, " n"]:
        """Whether no mesh lies between a viewer and points.

        Args:
            viewer: start of the lines of sight.
            points: their ends, which may lie on a mesh.
            tolerance: length; a surface within this distance in front of a point does not hide it.
        """
        line = points - viewer
        distance = np.linalg.norm(line, axis=1)
        return self.distances(viewer, line / distance[:, None]) >= distance - tolerance


def _rays(origin: np.ndarray, directions: np.ndarray) -> Any:
    import open3d

    rays = np.empty((len(directions), 6), np.float32)
    rays[:, :3], rays[:, 3:] = origin, directions
    return open3d.core.Tensor.from_numpy(rays)
