"""From aligned images to frontal 3D faces: mesh, landmarks, pose and visibility of each image."""

from dataclasses import astuple, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.face3d import landmarks
from fer3d.face3d.backends import Backend, make_backend
from fer3d.face3d.mesh import Mesh
from fer3d.face3d.packing import Columns, by_row, compute_dataset
from fer3d.face3d.recentralize import Similarity, fit_similarity, is_degenerate
from fer3d.face3d.rigid import rigid_weights, turn_to_front
from fer3d.face3d.topology import MODELS, VERTICES, Topology, load_topology
from fer3d.face3d.visibility import unoccluded_points, visible_points
from fer3d.files.digests import sha256_file
from fer3d.files.manifest import tally
from fer3d.files.packed import Spec
from fer3d.geometry.frames import pose_from_rotation
from fer3d.machine.settings import Settings
from fer3d.params import ReconstructParams
from fer3d.rowwise.producer import Arrays, Producer

VERSION = 3
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
        vertices_image: (V, 3), px, image frame: 468 float32 of facemesh, 43,867 float16 of prnet.
        vertices_face: (V, 3), cm, face frame: turned to the front, centred, scaled.
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
    image: np.ndarray,
    points: np.ndarray,
    assets: Path,
    params: ReconstructParams,
    models: Path | None = None,
    device: str = "cpu",
) -> Reconstruction:
    """Reconstruct the face of one image and turn it to the front.

    Args:
        image: (H, W, 3) uint8, RGB.
        points: (5, 2) float, px, image frame: eyes, nose and corners of the mouth, left and
            right as seen; NaN where no face was detected, then the whole image is tried.
        assets: folder of model files, loaded once per process.
        params: the parameters of the stage.
        models: folder of the models that the user brought; only prnet needs it.
        device: cpu | cuda, for prnet.

    Source: paper A, sections 3.1 and 3.2.
    """
    backend = make_backend(params, assets, models, device)
    return reconstruct_mesh(backend(image, points), image, backend, assets, params)


def device_of(params: ReconstructParams, settings: Settings) -> str:
    """``cpu`` or ``cuda``: where the stage computes on this machine; part of its results' keys."""
    return settings.torch_device() if params.backend == "prnet" else "cpu"


def producer(
    params: ReconstructParams, assets: Path, models: Path | None = None, device: str = "cpu"
) -> Producer:
    """The stage's row-wise computation: images (N, S, S, 3) uint8 and points (N, 5, 2) float32
    in, the arrays of ``Reconstruction`` out (visible as packed bits, reason as its code).

    Args:
        models: folder of the models that the user brought; only prnet needs it.
        device: cpu | cuda, for prnet.
    """
    backend = make_backend(params, assets, models, device)
    points = len(backend.surface.load())
    dlib = params.landmarks == "dlib"
    used = [*MODELS, *([landmarks.MODEL] if dlib else [])]
    return Producer(
        name="reconstruct",
        version=VERSION,
        compute=_Compute(backend, assets, params),
        inputs=INPUTS,
        outputs={
            "vertices_image": backend.vertices,
            "vertices_face": backend.vertices,
            "landmarks_image": Spec((landmarks.POINTS, 2), "float32"),
            "rotation": Spec((3, 3), "float32"),
            "pose": Spec((3,), "float32"),
            "visible": Spec((-(-points // 8),), "uint8"),
            "presence": Spec((), "float32"),
            "reason": Spec((), "uint8"),
        },
        parameters=params.model_dump(mode="json") | {"device": device},
        libraries=("numpy", "opencv", "open3d", "scipy", *backend.libraries, *["dlib"] * dlib),
        models={name: sha256_file(assets / name) for name in used} | backend.models(),
    )


def reconstruct_dataset(
    source: Path,
    out: Path,
    assets: Path,
    params: ReconstructParams,
    settings: Settings,
    models: Path | None = None,
) -> dict[str, Any]:
    """Reconstruct the face of every row of a packed folder.

    Args:
        source: packed folder with images and points of aligned images.
        out: packed folder to write; its manifest gains reconstructed, reason, presence, pitch,
            yaw and roll.
        models: folder of the models that the user brought; only prnet needs it.

    Returns:
        Metrics: images, reconstructed, reconstructed_fraction, not_reconstructed_by_reason,
        and the median absolute pitch, yaw and roll in degrees (null without any face).
    """
    device = device_of(params, settings)
    made = producer(params, assets, models, device)
    return _metrics(compute_dataset(made, source, out, settings, _columns))


def reconstruct_mesh(
    mesh: Mesh, image: np.ndarray, backend: Backend, assets: Path, params: ReconstructParams
) -> Reconstruction:
    """Turn a face that was found to the front; see ``reconstruct_image``.

    Args:
        mesh: what ``backend`` found in the image.
        image: (H, W, 3) uint8, RGB; dlib's landmarks are looked for in it.
    """
    surface = backend.surface.load()
    if mesh.presence < params.min_presence:
        return _nothing(backend, mesh.presence, Reason.NO_FACE)
    if is_degenerate(mesh.landmarks):
        return _nothing(backend, mesh.presence, Reason.DEGENERATE)
    face_from_image, vertices_face = _fit(mesh, load_topology(assets, 0), params.fit)
    visible = visible_points if params.visibility == "paper" else unoccluded_points
    kept = backend.vertices.dtype
    return Reconstruction(
        vertices_image=mesh.vertices.astype(kept),
        vertices_face=vertices_face.astype(kept),
        landmarks_image=np.float32(_landmarks(image, mesh, face_from_image, assets, params)),
        rotation=np.float32(face_from_image.rotation),
        pose=np.float32(pose_from_rotation(face_from_image.rotation)),
        visible=visible(surface(mesh.vertices), surface.triangles),
        presence=np.float32(mesh.presence),
        reason=Reason.RECONSTRUCTED,
    )


@dataclass(frozen=True)
class _Compute:
    backend: Backend
    assets: Path
    params: ReconstructParams

    def __call__(self, batch: Arrays) -> Arrays:
        return by_row(self._row, batch, INPUTS)

    def _row(self, image: np.ndarray, points: np.ndarray) -> dict[str, np.ndarray]:
        mesh = self.backend(image, points)
        return _pack(reconstruct_mesh(mesh, image, self.backend, self.assets, self.params))


def _pack(face: Reconstruction) -> dict[str, np.ndarray]:
    return vars(face) | {
        "visible": np.packbits(face.visible),
        "reason": np.uint8(list(Reason).index(face.reason)),
    }


def _nothing(backend: Backend, presence: float, reason: Reason) -> Reconstruction:
    return Reconstruction(
        vertices_image=np.zeros(*astuple(backend.vertices)),
        vertices_face=np.zeros(*astuple(backend.vertices)),
        landmarks_image=np.zeros((landmarks.POINTS, 2), np.float32),
        rotation=np.zeros((3, 3), np.float32),
        pose=np.zeros(3, np.float32),
        visible=np.zeros(len(backend.surface.load()), bool),
        presence=np.float32(presence),
        reason=reason,
    )


def _fit(mesh: Mesh, topology: Topology, how: str) -> tuple[Similarity, np.ndarray]:
    """What turns a face to the front, by all vertices of facemesh or by landmarks; and the face."""
    reference = topology.reference
    if how == "rigid" and len(mesh.vertices) == VERTICES:
        weights = rigid_weights(reference, topology.triangles)
        return turn_to_front(mesh.vertices, reference, weights)
    weights = landmarks.RIGID if how == "rigid" else None
    fit = fit_similarity(mesh.landmarks, landmarks.mesh_landmarks(reference), weights)
    return fit, fit(mesh.vertices)


def _landmarks(
    image: np.ndarray,
    mesh: Mesh,
    face_from_image: Similarity,
    assets: Path,
    params: ReconstructParams,
) -> np.ndarray:
    """(68, 2) px, image frame, from the source that the parameters name."""
    if params.landmarks != "dlib":
        return mesh.landmarks[:, :2]
    where = mesh.vertices
    if len(where) != VERTICES:  # the box that dlib needs is known on the face mesh
        where = face_from_image.inverse()(load_topology(assets, 0).reference)
    return landmarks.load_dlib(assets / landmarks.MODEL)(image, where)


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
