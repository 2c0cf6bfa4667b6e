"""3D faces of image files, for ``fer3d face3d``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fer3d.errors import UserError, printable
from fer3d.files import images
from fer3d.files.items import json_items
from fer3d.files.outputs import SOFTWARE, InputFiles, check_distinct, check_output, write_output
from fer3d.inference.draw import draw_faces
from fer3d.inference.face import Face
from fer3d.inference.find_faces import FaceFinder
from fer3d.reconstruction.export import encode_ply, scene_mesh
from fer3d.reconstruction.surfaces import surface_of


@dataclass(frozen=True)
class Photo3D:
    """One file.

    Attributes:
        path: the path of the file.
        faces: largest first.
        problem: why the file cannot be read as an image, or "".
    """

    path: Path
    faces: list[Face]
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values; with ``error`` only if the file cannot be read as an image."""
        known = {"image": printable(self.path), "faces": [_face_json(face) for face in self.faces]}
        return known | ({"error": self.problem} if self.problem else {})


@dataclass(frozen=True)
class Outputs:
    """Files to write, or None. With several images, meshes and pictures are numbered.

    Raises:
        UserError: a mesh that is not named .ply, or a picture that is not named .png.
    """

    json: Path | None = None
    mesh: Path | None = None
    picture: Path | None = None

    def __post_init__(self) -> None:
        for path, suffix in ((self.mesh, ".ply"), (self.picture, ".png")):
            if path is not None and path.suffix.lower() != suffix:
                kind = suffix[1:].upper()
                raise UserError(f"{path} would be a {kind} file: name it {path.stem}{suffix}")

    def numbered(self, number: int, count: int) -> "Outputs":
        """The files of image ``number`` of ``count``, from 1."""
        if count == 1:
            return self
        return replace(
            self, mesh=_numbered(self.mesh, number), picture=_numbered(self.picture, number)
        )

    def check(self, images: Sequence[Path], *, force: bool = False) -> None:
        """Check that no file of the user is overwritten; see ``check_output``."""
        check_distinct({"--json": self.json, "--mesh": self.mesh, "--picture": self.picture})
        inputs = InputFiles(images)
        each = [self, *(self.numbered(n, len(images)) for n in range(1, len(images) + 1))]
        for one in each:
            options = (("--json", one.json), ("--mesh", one.mesh), ("--picture", one.picture))
            for option, path in options:
                if path is not None:
                    check_output(path, option, inputs, force=force)


def describe(paths: Sequence[Path], finder: FaceFinder, outputs: Outputs) -> Iterator[Photo3D]:
    """Reconstruct the faces of image files, one by one, and write the outputs.

    Invalid files do not stop the others.

    Args:
        paths: image files.
        finder: finds and reconstructs the faces.
        outputs: files to write, see ``Outputs.check``. The JSON is ``{"images": [{"image": path,
            "faces": [...]}]}``, and grows with every file.
    """
    with json_items(outputs.json) as add:
        for number, path in enumerate(paths, start=1):
            photo = _describe(path, finder, outputs.numbered(number, len(paths)))
            add(photo.as_json())
            yield photo


def _describe(path: Path, finder: FaceFinder, outputs: Outputs) -> Photo3D:
    """Process one file; writes its mesh and picture."""
    try:
        image = images.load_image(path, max_pixels=finder.max_pixels)
    except images.Rejected as rejected:
        return Photo3D(path, [], str(rejected))
    faces = finder(image)
    if outputs.mesh is not None:
        write_mesh(outputs.mesh, image, faces, finder)
    if outputs.picture is not None:
        picture = images.encode_png(draw_faces(image, faces, finder.toolbox), SOFTWARE)
        write_output(outputs.picture, picture)
    return Photo3D(path, faces)


def write_mesh(path: Path, image: np.ndarray, faces: list[Face], finder: FaceFinder) -> None:
    """Write all faces of a photo as one coloured PLY mesh, y up, in px of the photo."""
    vertices = [face.vertices_source for face in faces]
    write_output(path, encode_ply(*scene_mesh(image, vertices, _surface(faces, finder))))


def _face_json(face: Face) -> dict[str, Any]:
    """A face as JSON values; keys as in docs/face3d.md."""
    pitch, yaw, roll = (round(float(angle), 3) for angle in face.pose_source)
    return {
        "box": np.round(face.aligned.box_source, 2).tolist(),
        "landmarks_image": np.round(face.landmarks_source, 3).tolist(),
        "rotation_deg": {"pitch": pitch, "yaw": yaw, "roll": roll},
        "visible_fraction": round(float(face.reconstruction.visible.mean()), 4),
        "presence": round(float(face.reconstruction.presence), 4),
    }


def _surface(faces: list[Face], finder: FaceFinder) -> np.ndarray:
    """Triangles (T, 3) of all vertices of a face."""
    if not faces:
        return np.zeros((0, 3), np.int64)
    vertices = len(faces[0].reconstruction.vertices_image)
    return surface_of(vertices, 0, finder.toolbox).load().triangles


def _numbered(path: Path | None, number: int) -> Path | None:
    return path and path.with_stem(f"{path.stem}_{number}")
