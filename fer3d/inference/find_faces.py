"""Every face of a photo in 3D: landmarks, pose, mesh, in the photo's own pixels."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fer3d.alignment import eyes
from fer3d.alignment.aligner import make_aligner
from fer3d.alignment.detector import Detector
from fer3d.face3d.backends import Backend, make_backend
from fer3d.face3d.landmarks import ibug_landmarks
from fer3d.face3d.mesh import Mesh
from fer3d.face3d.recentralize import fit_similarity
from fer3d.face3d.reconstruct import Reconstruction, reconstruct_mesh
from fer3d.face3d.topology import VERTICES
from fer3d.geometry.frames import pose_from_rotation
from fer3d.params import Params

CROP_SIZE = 256  # px, side of the crop around each face: 2.5 times what the pipeline trains on
CROP = 1.5  # its side over the box's
EASY = (0.5, 0.5, 0.4)  # thresholds of MTCNN's second look


@dataclass(frozen=True)
class Face:
    """One face of a photo, in the image frame of the whole photo.

    Attributes:
        box: (4,) float64, px: x, y of the top left corner, width, height, as detected.
        landmarks_image: (68, 3) float64, px: the points of iBUG 300-W, hidden ones included; z
            away from the viewer, relative to about the head's middle.
        vertices_image: (V, 3) float64, px.
        vertices_face: (V, 3) float64, cm, face frame.
        visible: (D,) bool, points of the dense surface that the photo shows.
        pose: (3,) float64, degrees: pitch, yaw, roll.
        presence: 0 to 1.
    """

    box: np.ndarray
    landmarks_image: np.ndarray
    vertices_image: np.ndarray
    vertices_face: np.ndarray
    visible: np.ndarray
    pose: np.ndarray
    presence: float

    def as_json(self) -> dict[str, Any]:
        """The face in plain numbers; keys as in ``fer3d face3d --json``."""
        pitch, yaw, roll = (round(float(angle), 3) for angle in self.pose)
        return {
            "box": np.round(self.box, 2).tolist(),
            "landmarks_image": np.round(self.landmarks_image, 3).tolist(),
            "rotation_deg": {"pitch": pitch, "yaw": yaw, "roll": roll},
            "visible_fraction": round(float(self.visible.mean()), 4),
            "presence": round(self.presence, 4),
        }


@dataclass(frozen=True)
class FaceFinder:
    """Finds and reconstructs the faces of photos.

    Attributes:
        assets: folder of model files.
        params: sections `align` (detector) and `reconstruct` are used.
        models: folder of the models that the user brought; only prnet needs it.
        device: cpu | cuda, for the detector and prnet.
    """

    assets: Path
    params: Params
    models: Path | None = None
    device: str = "cpu"

    def __call__(self, image: np.ndarray) -> list[Face]:
        """The faces of one photo, those with the largest boxes first.

        Where MTCNN finds none, it looks again with ``EASY`` thresholds, for profiles. The mesh
        network then says whether what it found is a face.

        Args:
            image: (H, W, 3) uint8, RGB.

        Returns:
            Faces that were found and reconstructed; perhaps none.
        """
        (found,) = self._detector.detect(image[None])
        if not len(found) and self.params.align.detector == "mtcnn":
            (found,) = self._easy_detector.detect(image[None])
        order = np.argsort(-found.boxes[:, 2:].prod(axis=1), kind="stable")
        faces = (self._face(image, found.boxes[i], found.points[i]) for i in order)
        return [face for face in faces if face is not None]

    @cached_property
    def _detector(self) -> Detector:
        return make_aligner(self.params.align, self.assets, self.device).detector

    @cached_property
    def _easy_detector(self) -> Detector:
        easy = self.params.align.model_copy(update={"thresholds": EASY})
        return make_aligner(easy, self.assets, self.device).detector

    @cached_property
    def _backend(self) -> Backend:
        return make_backend(self.params.reconstruct, self.assets, self.models, self.device)

    def _face(self, image: np.ndarray, box: np.ndarray, points: np.ndarray) -> Face | None:
        box, points = box.astype(np.float64), points.astype(np.float64)
        affine = eyes.face_crop(box, points, *image.shape[:2], CROP_SIZE, CROP)
        crop = eyes.warp(image, affine, CROP_SIZE)
        mesh = self._backend(crop, eyes.apply(affine, points))
        face = reconstruct_mesh(mesh, crop, self._backend, self.assets, self.params.reconstruct)
        if face.reason:
            return None
        turn, scale = _turn(affine)
        return Face(
            box=box,
            landmarks_image=_to_photo(affine, scale, _landmarks(mesh, face)),
            vertices_image=_to_photo(affine, scale, face.vertices_image.astype(np.float64)),
            vertices_face=face.vertices_face.astype(np.float64),
            visible=face.visible,
            pose=pose_from_rotation(face.rotation @ turn),
            presence=float(face.presence),
        )


def _landmarks(mesh: Mesh, face: Reconstruction) -> np.ndarray:
    """(68, 3) px of the crop, where iBUG 300-W has them."""
    if len(face.vertices_image) != VERTICES:
        return mesh.landmarks
    return ibug_landmarks(
        face.vertices_image, fit_similarity(face.vertices_image, face.vertices_face)
    )


def _turn(affine: np.ndarray) -> tuple[np.ndarray, float]:
    """Rotation (3, 3) about z and scale of a similarity (2, 3) of the image frame."""
    scale = float(np.sqrt(np.linalg.det(affine[:, :2])))
    turn = np.eye(3)
    turn[:2, :2] = affine[:, :2] / scale
    return turn, scale


def _to_photo(affine: np.ndarray, scale: float, points: np.ndarray) -> np.ndarray:
    """Points (N, 3) of the crop in the photo's image frame."""
    planar = eyes.apply(eyes.invert(affine), points[:, :2])
    return np.column_stack([planar, points[:, 2] / scale])
