"""``face3d``: the faces in images, in 3D."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from fer3d.geometry.frames import rotation_from_pose
from fer3d.inference.answers import ANGLES
from fer3d.inference.documents import BOX
from fer3d.inference.face import Face
from fer3d.inference.find_faces import FaceFinder
from fer3d.inference.ready import ready_finder
from fer3d.interface.images import ImageLike, NamedImage
from fer3d.interface.pictures import thumbnail
from fer3d.interface.results import FaceResult, ImageResult, Results, for_each
from fer3d.reconstruction.export import draw_face
from fer3d.reconstruction.surfaces import drawn_triangles


@dataclass(frozen=True, repr=False, eq=False)
class Face3D(FaceResult):
    """One face in 3D; frames and signs as in docs/face3d.md.

    Attributes:
        box: x, y, width, height in px of the image.
        landmarks_image: (68, 3) float64, px, image frame: the points of iBUG 300-W.
        vertices_image: (V, 3) float64, px, image frame: 468 of facemesh, 43,867 of prnet.
        vertices_face: (V, 3) float64, cm, face frame: turned to the front, centred, scaled.
        triangles: (T, 3) int64, of the vertices.
        rotation_deg: pitch, yaw and roll of the head by name.
        visible_fraction: of the points of the dense surface, 0 to 1.
        presence: confidence that this is a face, 0 to 1.
    """

    box: tuple[float, ...]
    landmarks_image: np.ndarray
    vertices_image: np.ndarray
    vertices_face: np.ndarray
    triangles: np.ndarray
    rotation_deg: dict[str, float]
    visible_fraction: float
    presence: float

    @classmethod
    def of(cls, face: Face, triangles: np.ndarray) -> "Face3D":
        """The result for a reconstructed face."""
        found = face.reconstruction
        return cls(
            tuple(map(float, face.aligned.box_source)),
            face.landmarks_source,
            face.vertices_source,
            found.vertices_face.astype(np.float64),
            triangles,
            dict(zip(ANGLES, map(float, face.pose_source), strict=True)),
            float(found.visible.mean()),
            float(found.presence),
        )

    def as_row(self) -> dict[str, Any]:
        """All but landmarks and mesh."""
        box = dict(zip(BOX, self.box, strict=True))
        rest = {"visible_fraction": self.visible_fraction, "presence": self.presence}
        return box | self.rotation_deg | rest

    def in_words(self) -> str:
        """Its pose and how much of it is visible."""
        angles = ", ".join(f"{name} {value:z.0f}°" for name, value in self.rotation_deg.items())
        return f"{angles}, {self.visible_fraction:.0%} visible"


class Faces3D(ImageResult[Face3D]):
    """The faces of one image in 3D, that with the largest box first."""

    def _drawn(self) -> np.ndarray:
        picture = self.thumbnail
        for face in self.faces:
            rotation = rotation_from_pose(np.array([face.rotation_deg[name] for name in ANGLES]))
            points = (self.scale * face.vertices_image, self.scale * face.landmarks_image)
            picture = draw_face(picture, *points, rotation, face.triangles)
        return picture


@overload
def face3d(  # type: ignore[overload-overlap]  # a str is an Iterable[str] too
    images: ImageLike, *, params: Path | None = None, assets: Path | None = None
) -> Faces3D: ...
@overload
def face3d(
    images: Iterable[ImageLike], *, params: Path | None = None, assets: Path | None = None
) -> Results[Faces3D]: ...
def face3d(
    images: ImageLike | Iterable[ImageLike],
    *,
    params: str | Path | None = None,
    assets: str | Path | None = None,
) -> Faces3D | Results[Faces3D]:
    """Reconstruct every face of one image or of several.

    Args:
        images: one or several: paths, arrays (H, W, 3) RGB or (H, W) grey, Pillow images.
        params: a complete ``params.yaml``; of it `align`, `reconstruct` and ``ingest.max_pixels``
            are used. By default that of the checkout that is the working directory, else the one
            that fer3d comes with.
        assets: folder of model files; by default ``data/assets`` of that checkout, else one in the
            user's cache, into which they are fetched at first use.

    Raises:
        UserError: a file cannot be read as an image, a parameter is invalid, or model files cannot
            be fetched.
        ValueError: an array is no image.
    """
    finder = ready_finder(Path(params) if params else None, Path(assets) if assets else None)
    return for_each(images, lambda batch: [_faces(image, finder) for image in batch])


def _faces(image: NamedImage, finder: FaceFinder) -> Faces3D:
    found = finder(image.pixels)
    height, width = image.pixels.shape[:2]
    faces = tuple(Face3D.of(face, _triangles(face, finder)) for face in found)
    return Faces3D(image.name, (height, width), faces, thumbnail(image.pixels))


def _triangles(face: Face, finder: FaceFinder) -> np.ndarray:
    return drawn_triangles(len(face.reconstruction.vertices_image), finder.toolbox)
