"""Errors of a reconstructed face against its ground truth, and statistics over faces."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fer3d.accuracy3d.measures import (
    YAW_BINS,
    angle_error,
    in_bin,
    landmark_error,
    normal_error,
    overlap,
    rotation_error,
    vertex_error,
)
from fer3d.accuracy3d.truth import TrueFace, seen_points
from fer3d.geometry.frames import pose_from_rotation
from fer3d.geometry.meshes import unit_vectors, vertex_normals
from fer3d.reconstruction.landmarks import mesh_landmarks
from fer3d.reconstruction.recentralize import place
from fer3d.reconstruction.reconstructor import Reconstruction
from fer3d.reconstruction.rigid import rigid_weights
from fer3d.reconstruction.topology import Topology
from fer3d.relighting.params import RelightParams
from fer3d.relighting.relighter import visible_normals
from fer3d.relighting.shading import ShadingImage, shade


@dataclass(frozen=True)
class FaceErrors:
    """The errors of one face; units as in ``summarize``."""

    yaw: float  # ground truth, degrees
    vertices: float
    landmarks: float
    mesh_landmarks: float
    rotation: float
    pitch: float  # error, signed, degrees; also the next two
    turn: float
    roll: float
    normals: np.ndarray  # (P,) degrees, at points visible in both faces
    shading: float
    visibility: float


def compare(
    found: Reconstruction,
    relit: ShadingImage,
    truth: TrueFace,
    topology: Topology,
    params: RelightParams,
) -> FaceErrors:
    """The errors of one face.

    Args:
        found: the reconstruction.
        relit: its shading image.
        truth: the ground truth in the same aligned image.
        topology: with the dense surface of ``found.visible``.
        params: of the shading images.
    """
    visible = seen_points(truth, topology.dense)
    true_68 = mesh_landmarks(truth.vertices_image)
    pose = pose_from_rotation(truth.rotation)
    pitch, turn, roll = angle_error(pose_from_rotation(found.rotation), pose)
    return FaceErrors(
        yaw=float(pose[1]),
        vertices=float(vertex_error(found.vertices_image, truth.vertices_image)),
        landmarks=float(landmark_error(found.landmarks_image, true_68)),
        mesh_landmarks=float(landmark_error(found.mesh_landmarks_image, true_68)),
        rotation=float(rotation_error(found.rotation, truth.rotation)),
        pitch=float(pitch),
        turn=float(turn),
        roll=float(roll),
        normals=_normals(found, truth, visible, topology, params),
        shading=_apart(relit, true_shading(truth, visible, topology, params)),
        visibility=overlap(found.visible, visible),
    )


def true_shading(
    truth: TrueFace, visible: np.ndarray, topology: Topology, params: RelightParams
) -> ShadingImage:
    """The shading image of the true geometry, at the size and place of the reference face.

    A single image does not determine the size of a head and its distance, so both are normalised;
    the rotation is the true one.
    """
    weights = rigid_weights(topology.reference, topology.triangles)
    placed = place(truth.vertices_face, topology.reference, np.eye(3), weights)
    points = topology.dense(placed(truth.vertices_face))
    normals = visible_normals(points, visible, params)
    light = np.array(params.light)
    return shade(points, topology.dense.triangles, normals, visible, light=light, size=params.size)


def summarize(faces: list[FaceErrors]) -> dict[str, Any]:
    """Means and medians over faces.

    Returns:
        vertex_error_percent, landmark_nme_percent (of the landmarks that are written),
        mesh_landmark_nme_percent (of those of the mesh), visibility_iou: means by bin of true yaw;
        rotation_deg by bin: median and mean geodesic, mean absolute and mean signed pitch, yaw and
        roll; normal_error_deg: median, p95 over points; shading_error_levels: mean absolute, 0 to
        255.
    """
    table = pd.DataFrame(
        [{k: v for k, v in vars(face).items() if k != "normals"} for face in faces]
    )
    parts = {
        f"{low}-{high}": table[in_bin(table["yaw"].to_numpy(), low, high)] for low, high in ranges()
    }
    normals = np.concatenate([face.normals for face in faces])
    return {
        "images_by_yaw": {name: len(part) for name, part in parts.items()},
        "vertex_error_percent": _means(parts, "vertices"),
        "landmark_nme_percent": _means(parts, "landmarks"),
        "mesh_landmark_nme_percent": _means(parts, "mesh_landmarks"),
        "rotation_deg": {name: _rotation(part) for name, part in parts.items()},
        "normal_error_deg": {
            "median": _rounded(np.median(normals)),
            "p95": _rounded(np.percentile(normals, 95)),
        },
        "shading_error_levels": _rounded(table["shading"].mean()),
        "visibility_iou": _means(parts, "visibility", 4),
    }


def ranges() -> list[tuple[int, int]]:
    """The bins of yaw, and further ranges that have a target."""
    return [*YAW_BINS, (0, 30), (30, 60), (0, 45), (40, 50), (0, 60)]


def _normals(
    found: Reconstruction,
    truth: TrueFace,
    visible: np.ndarray,
    topology: Topology,
    params: RelightParams,
) -> np.ndarray:
    """Errors of the normals used for relighting, at points visible in both: (P,) degrees."""
    normals = visible_normals(topology.dense(found.vertices_face), found.visible, params)
    surface = topology.dense(truth.vertices_face)
    true = unit_vectors(vertex_normals(surface, topology.dense.triangles))
    both = found.visible & visible
    return normal_error(normals[both], true[both])


def _apart(found: ShadingImage, true: ShadingImage) -> float:
    """Mean absolute difference on common pixels, in 8-bit levels; NaN if there are none."""
    both = found.mask & true.mask
    apart = found.shading[both].astype(np.float64) - true.shading[both]
    return float(np.abs(apart).mean()) if both.any() else float("nan")


def _means(parts: dict[str, pd.DataFrame], column: str, digits: int = 2) -> dict[str, float | None]:
    return {name: _rounded(part[column].mean(), digits) for name, part in parts.items()}


def _rotation(part: pd.DataFrame) -> dict[str, Any]:
    angles = {"pitch": part["pitch"], "yaw": part["turn"], "roll": part["roll"]}
    return {
        "median": _rounded(part["rotation"].median()),
        "mean": _rounded(part["rotation"].mean()),
        "mean_absolute": {name: _rounded(value.abs().mean()) for name, value in angles.items()},
        "mean_signed": {name: _rounded(value.mean()) for name, value in angles.items()},
    }


def _rounded(value: float, digits: int = 2) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None
