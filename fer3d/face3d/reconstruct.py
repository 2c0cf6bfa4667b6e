"""From aligned images to frontal 3D faces: mesh, landmarks, pose and visibility of each image."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.arrays import Spec
from fer3d.face3d import facemesh, landmarks
from fer3d.face3d.frames import pose_from_rotation
from fer3d.face3d.packing import Columns, compute_dataset
from fer3d.face3d.recentralize import fit_similarity, is_degenerate
from fer3d.face3d.topology import MODELS, VERTICES, load_topology
from fer3d.face3d.visibility import visible_points
from fer3d.manifest import tally
from fer3d.params import ReconstructParams
from fer3d.settings import Settings
from fer3d.store.digests import sha256_file
from fer3d.store.rows import Arrays, Producer

VERSION = 1
INPUTS = ("images", "points")


class Reason(StrEnum):
    """Why no face was reconstructed; the order is that of the codes in the packed arrays."""

    RECONSTRUCTED = ""
    NO_FACE = "no_face"  # presence below reconstruct.min_presence
    DEGENERATE = "degenerate_landmarks"  # they do not determine a rotation


@dataclass(frozen=True)
class Reconstruction:
    """One face. Where ``reason`` is not empty all arrays are zeros.

    Attributes:
        vertices_image: (468, 3) float32, px, image frame.
        vertices_face: (468, 3) float32, cm, face frame: turned to the front, centred, scaled.
        landmarks_image: (68, 2) float32, px, image frame.
        rotation: (3, 3) float32, ``face_from_image``.
        pose: (3,) float32, degrees: pitch, yaw, roll.
        visible: (D,) bool, points of the dense surface that the image shows.
        presence: () float32, 0 to 1.
        reason: why there is no face, or "".
    """

    vertices_image: np.ndarray
    vertices_face: np.ndarray
    landmarks_image: np.ndarray
    rotation: np.ndarray
    pose: np.ndarray
    visible: np.ndarray
    presence: np.float32
    reason: Reason


def reconstruct_image(
    image: np.ndarray, points: np.ndarray, assets: Path, params: ReconstructParams
) -> Reconstruction:
    """Reconstruct the face of one image and turn it to the front.

    Args:
        image: (H, W, 3) uint8, RGB.
        points: (5, 2) float, px, image frame: eyes, nose and corners of the mouth, left and
            right as seen; NaN where no face was detected, then the whole image is tried.
        assets: folder of model files, loaded once per process.
        params: the parameters of the stage.

    Source: paper A, sections 3.1 and 3.2.
    """
    topology = load_topology(assets, params.subdivisions)
    mesh = facemesh.load_facemesh(assets / facemesh.MODEL)(image, points)
    dense = topology.dense.matrix.shape[0]
    if mesh.presence < params.min_presence:
        return _nothing(dense, mesh.presence, Reason.NO_FACE)
    if is_degenerate(landmarks.mesh_landmarks(mesh.vertices)):
        return _nothing(dense, mesh.presence, Reason.DEGENERATE)
    face_from_image = fit_similarity(
        landmarks.mesh_landmarks(mesh.vertices), landmarks.mesh_landmarks(topology.reference)
    )
    return Reconstruction(
        vertices_image=np.float32(mesh.vertices),
        vertices_face=np.float32(face_from_image(mesh.vertices)),
        landmarks_image=np.float32(_landmarks(image, mesh.vertices, assets, params)),
        rotation=np.float32(face_from_image.rotation),
        pose=np.float32(pose_from_rotation(face_from_image.rotation)),
        visible=visible_points(topology.dense(mesh.vertices), topology.dense.triangles),
        presence=np.float32(mesh.presence),
        reason=Reason.RECONSTRUCTED,
    )


def producer(params: ReconstructParams, assets: Path) -> Producer:
    """The stage's row-wise computation: images (N, S, S, 3) uint8 and points (N, 5, 2) float32
    in, the arrays of ``Reconstruction`` out (visible as packed bits, reason as its code)."""
    points = load_topology(assets, params.subdivisions).dense.matrix.shape[0]
    models = [*MODELS, facemesh.MODEL]
    if params.landmarks == "dlib":
        models.append(landmarks.MODEL)
    return Producer(
        name="reconstruct",
        version=VERSION,
        compute=_Compute(assets, params),
        inputs=INPUTS,
        outputs={
            "vertices_image": Spec((VERTICES, 3), "float32"),
            "vertices_face": Spec((VERTICES, 3), "float32"),
            "landmarks_image": Spec((landmarks.POINTS, 2), "float32"),
            "rotation": Spec((3, 3), "float32"),
            "pose": Spec((3,), "float32"),
            "visible": Spec((-(-points // 8),), "uint8"),
            "presence": Spec((), "float32"),
            "reason": Spec((), "uint8"),
        },
        parameters=params.model_dump(mode="json"),
        models={name: sha256_file(assets / name) for name in models},
    )


def reconstruct_dataset(
    source: Path, out: Path, assets: Path, params: ReconstructParams, settings: Settings
) -> dict[str, Any]:
    """Reconstruct the face of every row of a packed folder.

    Args:
        source: packed folder with images and points of aligned images.
        out: packed folder to write; its manifest gains reconstructed, reason, presence, pitch,
            yaw and roll.

    Returns:
        Metrics: images, reconstructed, reconstructed_fraction, not_reconstructed_by_reason,
        and the median absolute pitch, yaw and roll in degrees (null without any face).
    """
    frame = compute_dataset(producer(params, assets), source, out, settings, _columns)
    return _metrics(frame)


@dataclass(frozen=True)
class _Compute:
    assets: Path
    params: ReconstructParams

    def __call__(self, batch: Arrays) -> Arrays:
        pairs = zip(*(batch[name] for name in INPUTS), strict=True)
        rows = [_pack(reconstruct_image(*pair, self.assets, self.params)) for pair in pairs]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _pack(face: Reconstruction) -> dict[str, np.ndarray]:
    return vars(face) | {
        "visible": np.packbits(face.visible),
        "reason": np.uint8(list(Reason).index(face.reason)),
    }


def _nothing(dense: int, presence: float, reason: Reason) -> Reconstruction:
    return Reconstruction(
        vertices_image=np.zeros((VERTICES, 3), np.float32),
        vertices_face=np.zeros((VERTICES, 3), np.float32),
        landmarks_image=np.zeros((landmarks.POINTS, 2), np.float32),
        rotation=np.zeros((3, 3), np.float32),
        pose=np.zeros(3, np.float32),
        visible=np.zeros(dense, bool),
        presence=np.float32(presence),
        reason=reason,
    )


def _landmarks(
    image: np.ndarray, vertices: np.ndarray, assets: Path, params: ReconstructParams
) -> np.ndarray:
    """(68, 2) px, image frame, from the source that the parameters name."""
    if params.landmarks == "facemesh":
        return landmarks.mesh_landmarks(vertices)[:, :2]
    return landmarks.load_dlib(assets / landmarks.MODEL)(image, vertices)


def _columns(arrays: Arrays) -> Columns:
    reasons = np.array([reason.value for reason in Reason], dtype=object)[arrays["reason"]]
    pitch, yaw, roll = np.array(arrays["pose"]).T
    return {
        "reconstructed": reasons == Reason.RECONSTRUCTED,
        "reason": reasons,
        "presence": np.array(arrays["presence"]),
        "pitch": pitch,
        "yaw": yaw,
        "roll": roll,
    }


def _metrics(frame: pd.DataFrame) -> dict[str, Any]:
    faces = frame[frame["reconstructed"]]
    failed = frame.loc[~frame["reconstructed"], "reason"]
    return {
        "images": len(frame),
        "reconstructed": len(faces),
        "reconstructed_fraction": round(len(faces) / len(frame), 4) if len(frame) else None,
        "not_reconstructed_by_reason": tally(failed),
        "median_absolute_deg": {
            angle: round(float(faces[angle].abs().median()), 2) if len(faces) else None
            for angle in ("pitch", "yaw", "roll")
        },
    }
