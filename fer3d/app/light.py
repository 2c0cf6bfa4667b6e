"""A face under another light, by the kernels of the stage `relight`."""

from dataclasses import dataclass, replace

import numpy as np

from fer3d.app.faces import SeenFace
from fer3d.geometry.frames import direction
from fer3d.relighting.relighter import Relighter, visible_normals
from fer3d.relighting.shading import lambert

SIZE = 320  # px, side of the shading image on the page; the network's has 100


@dataclass(frozen=True)
class RelitFace:
    """A face under one light.

    Attributes:
        shading: (S, S) uint8, the frontal shading image, 0 where hidden in the photo.
        intensities: (D,) uint8, 255 times the Lambertian intensity of each point of the dense
            surface, hidden ones included.
    """

    shading: np.ndarray
    intensities: np.ndarray


def light_direction(azimuth: float, elevation: float) -> tuple[float, float, float]:
    """The direction to a light, face frame, unit length.

    Args:
        azimuth: degrees, positive: from the subject's left, which is right in the picture.
        elevation: degrees, positive: from above.
    """
    x, y, z = direction(*np.radians([azimuth, elevation])).tolist()
    return x, y, z


def relit(
    face: SeenFace, light: tuple[float, float, float], relighter: Relighter, size: int = SIZE
) -> RelitFace:
    """A face with a reconstruction under a light.

    Args:
        face: of the page.
        light: direction to the light, face frame.
        relighter: of the recognizer; its own light is not used.
        size: side of the shading image, px.
    """
    params = relighter.params.model_copy(update={"light": light, "size": size})
    points = surface_points(face, relighter)
    visible = face.visible_points(len(points))
    (image,) = replace(relighter, params=params)([face.vertices_face], [visible])
    normals = visible_normals(points, np.ones(len(points), bool), params)
    return RelitFace(image.shading, np.rint(255 * lambert(normals, np.array(light))).astype("u1"))


def surface_points(face: SeenFace, relighter: Relighter) -> np.ndarray:
    """(D, 3) float64, cm, face frame: the points of the dense surface."""
    return relighter.surface.load()(face.vertices_face)
