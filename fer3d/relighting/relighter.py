"""From reconstructed faces to shading images: normals, one light, a frontal picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer3d.reconstruction.surfaces import SurfaceSource
from fer3d.relighting.params import RelightParams
from fer3d.relighting.shading import ShadingImage, shade


@dataclass(frozen=True)
class Relighter:
    """Lights frontal faces from one direction; picklable.

    Attributes:
        surface: the dense surface over the faces' vertices, which is loaded once per process.
        params: the parameters of the stage.

    Source: paper A, section 3.3.
    """

    surface: SurfaceSource
    params: RelightParams

    def __call__(
        self, vertices_face: Sequence[np.ndarray], visible: Sequence[np.ndarray]
    ) -> list[ShadingImage]:
        """The frontal shading image of each face, black where its photo does not show it.

        Args:
            vertices_face: (V, 3) float, cm, face frame, each: 468 of facemesh or 43,867 of prnet.
            visible: (D,) bool, visible points of the dense surface, of each; none where there is
                no face, which gives a black image.
        """
        return [self._relit(*face) for face in zip(vertices_face, visible, strict=True)]

    def _relit(self, vertices_face: np.ndarray, visible: np.ndarray) -> ShadingImage:
        surface = self.surface.load()
        return shade(
            surface(vertices_face),
            surface.triangles,
            visible,
            light=np.array(self.params.light),
            neighbours=self.params.neighbours,
            size=self.params.size,
        )
