"""Shading images of reconstructed faces."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Integer

from fer3d.reconstruction.surfaces import SurfaceSource
from fer3d.relighting.normals import (
    MIN_NEIGHBOURS,
    estimate_normals,
    likely_neighbours,
    open3d_normals,
)
from fer3d.relighting.params import RelightParams
from fer3d.relighting.shading import VIEWER, ShadingImage, shade


@dataclass(frozen=True)
class Relighter:
    """Computes shading images of frontal faces with one light; picklable.

    Attributes:
        surface: the dense surface of the faces, loaded once per process.
        params: the parameters of the stage.

    Source: paper A, section 3.3.
    """

    surface: SurfaceSource
    params: RelightParams

    def __call__(
        self,
        vertices_face: Sequence[np.ndarray] | Float[np.ndarray, "n v 3"],
        visible: Sequence[np.ndarray] | Bool[np.ndarray, "n d"],
    ) -> list[ShadingImage]:
        """The frontal shading image of each face; parts that are hidden in the photo are black.

        Args:
            vertices_face: (V, 3) float, cm, face frame, each: 468 of facemesh or 43,867 of prnet.
            visible: (D,) bool each, visible points of the dense surface; none without a face, which
                gives a black image.
        """
        return [self._relit(*face) for face in zip(vertices_face, visible, strict=True)]

    def _relit(self, vertices_face: np.ndarray, visible: np.ndarray) -> ShadingImage:
        surface = self.surface.load()
        points = surface(vertices_face)
        normals = visible_normals(points, visible, self.params, _likely(self.surface))
        light = np.array(self.params.light)
        return shade(
            points, surface.triangles, normals, visible, light=light, size=self.params.size
        )


def visible_normals(
    points: Float[np.ndarray, "d 3"],
    visible: Bool[np.ndarray, " d"],
    params: RelightParams,
    likely: Integer[np.ndarray, "d g"] | None = None,
) -> Float[np.ndarray, "d 3"]:
    """Normals of the visible points from their visible neighbours, by the method of the parameters.

    Hidden points are removed first, as in the paper.

    Args:
        points: (D, 3) float, cm, face frame.
        visible: (D,) bool.
        params: of the stage.
        likely: see ``likely_neighbours``; only affects the speed.

    Returns:
        (D, 3) float64; zero for hidden points, and for all if fewer than three are visible.
    """
    if visible.sum() < MIN_NEIGHBOURS:
        return np.zeros(points.shape)
    if params.normals == "open3d":
        return open3d_normals(points, params.neighbours, VIEWER, visible)
    return estimate_normals(points, params.neighbours, VIEWER, visible, likely)


@lru_cache(maxsize=2)
def _likely(source: SurfaceSource) -> Integer[np.ndarray, "d g"]:
    """Likely neighbours on a surface, computed once per process."""
    return likely_neighbours(source.load()(source.typical()))
