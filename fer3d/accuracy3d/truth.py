"""The ground truth of rendered faces, transformed into the aligned image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.errors import UserError
from fer3d.files.packed import MANIFEST, open_arrays, read_manifest
from fer3d.geometry import affine
from fer3d.geometry.frames import FRONTAL_FACE_FROM_IMAGE
from fer3d.geometry.meshes import TriangleMesh, vertex_normals
from fer3d.geometry.rays import Caster
from fer3d.inference.pipeline import Pipeline
from fer3d.reconstruction.subdivision import Subdivision
from fer3d.reconstruction.topology import Topology, load_topology
from fer3d.synthetic.scene import TOLERANCE

FOLDER = "truth"  # beside the folder of images
ARRAYS = ("vertices_image", "vertices_face", "rotation")


@dataclass(frozen=True)
class TrueFace:
    """The ground truth of an aligned image.

    Attributes:
        vertices_image: (468, 3) float64, px, image frame of the aligned image.
        vertices_face: (468, 3) float64, cm, face frame.
        rotation: (3, 3) float64, ``face_from_image`` of the aligned image.
        camera: (3,) float64, cm, face frame: the centre of projection.
    """

    vertices_image: np.ndarray
    vertices_face: np.ndarray
    rotation: np.ndarray
    camera: np.ndarray


def find_truth(images: Path) -> Path | None:
    """The ground truth of a folder of images: the packed folder ``truth`` beside it, if any."""
    folder = images.parent / FOLDER
    return folder if (folder / MANIFEST).is_file() else None


def topology_of(pipeline: Pipeline) -> Topology:
    """Mesh and dense surface of the faces that a pipeline reconstructs.

    Raises:
        UserError: they do not have the 468 vertices of the ground truth.
    """
    params = pipeline.reconstructor.params
    if params.backend != "facemesh":
        raise UserError(
            "reconstruct.backend: rendered faces have ground truth only for facemesh's vertices"
        )
    return load_topology(pipeline.reconstructor.assets, params.subdivisions)


@dataclass(frozen=True)
class Truths:
    """A folder of ground truth.

    Attributes:
        frame: the manifest.
        arrays: the packed arrays; row i belongs to row i of the manifest.
    """

    frame: pd.DataFrame
    arrays: dict[str, np.ndarray]

    @classmethod
    def open(cls, folder: Path) -> "Truths":
        """Open a folder that ``fer3d.synthesis.generate.synthesize`` wrote."""
        return cls(read_manifest(folder), open_arrays(folder, *ARRAYS))

    def rows(self, paths: pd.Series, sha1s: pd.Series) -> np.ndarray:
        """Row of the ground truth of each image, -1 if there is none.

        Path and bytes of the image must be the same.

        Args:
            paths, sha1s: (N,) str.
        """
        known = pd.MultiIndex.from_frame(self.frame[["path", "sha1"]])
        return known.get_indexer(pd.MultiIndex.from_arrays([paths, sha1s]))

    def face(self, row: int, aligned_from_image: np.ndarray) -> TrueFace:
        """The ground truth of one face in an aligned image.

        Args:
            row: of the ground truth.
            aligned_from_image: (2, 3) float, affine from the rendered image, a similarity.
        """
        image, face, rotation = (np.asarray(self.arrays[n][row], np.float64) for n in ARRAYS)
        return true_face(image, face, rotation, np.asarray(aligned_from_image, np.float64))


def true_face(
    vertices_image: np.ndarray,
    vertices_face: np.ndarray,
    viewer_from_face: np.ndarray,
    aligned_from_image: np.ndarray,
) -> TrueFace:
    """The ground truth of a rendered image, transformed into an aligned image.

    Args:
        vertices_image: (468, 3) float, px, image frame of the rendered image.
        vertices_face: (468, 3) float, cm, face frame.
        viewer_from_face: (3, 3) float.
        aligned_from_image: (2, 3) float, affine from the rendered image, a similarity.
    """
    scale, turn = affine.scale_of(aligned_from_image), affine.turn_of(aligned_from_image)
    planar = affine.apply(aligned_from_image, vertices_image[:, :2])
    image_from_face = turn @ FRONTAL_FACE_FROM_IMAGE.T @ viewer_from_face
    distance = camera_distance(vertices_image, vertices_face @ viewer_from_face.T)
    return TrueFace(
        vertices_image=np.column_stack([planar, vertices_image[:, 2] * scale]),
        vertices_face=vertices_face,
        rotation=image_from_face.T,
        camera=viewer_from_face.T @ np.array([0.0, 0.0, distance]),
    )


def camera_distance(vertices_image: np.ndarray, vertices_viewer: np.ndarray) -> float:
    """Distance of the camera from the origin of the face frame, from the projected vertices.

    With k px per cm in the plane of the origin, ``x_image = p + k x d / (d - z)``, which is linear
    in p, 1 / d and p / d.

    Args:
        vertices_image: (V, 3) float, px; z is -k times that of the viewer's frame.
        vertices_viewer: (V, 3) float, cm, x right, y up, z to the camera.

    Returns:
        cm.
    """
    x, y, z = vertices_viewer.T
    u, v, depth = vertices_image.T
    scale = -(z @ depth) / (z @ z)
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = [
        np.stack([z * u, one, none, -z, none], axis=1),
        np.stack([z * v, none, one, none, -z], axis=1),
    ]
    target = np.concatenate([u - scale * x, v + scale * y])
    inverse, *_ = np.linalg.lstsq(np.concatenate(rows), target, rcond=None)[0]
    return float(1 / inverse)


def seen_points(face: TrueFace, surface: Subdivision) -> np.ndarray:
    """Points of the true surface that are visible: they face the camera and are not occluded.

    Rays go from the camera to each point of the subdivided true mesh. Hair and the rest of the head
    are not part of this surface and do not occlude it, as a reconstruction has no hair either.

    Returns:
        (D,) bool.
    """
    points = surface(face.vertices_face)
    caster = Caster([TriangleMesh(points, surface.triangles)])
    facing = (vertex_normals(points, surface.triangles) * (points - face.camera)).sum(axis=1) < 0
    return caster.sees(face.camera, points, TOLERANCE) & facing
