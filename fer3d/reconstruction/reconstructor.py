"""Reconstruction of aligned images: mesh, landmarks, pose and visibility."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Float16, UInt8

from fer3d.files.specs import Spec
from fer3d.geometry.frames import pose_from_rotation
from fer3d.geometry.typing import FivePoints, Images
from fer3d.reconstruction import landmarks
from fer3d.reconstruction.backends import Backend, make_backend
from fer3d.reconstruction.mesh import Mesh
from fer3d.reconstruction.params import ReconstructParams
from fer3d.reconstruction.recentralize import Similarity, fit_similarity, is_degenerate
from fer3d.reconstruction.rigid import rigid_weights, turn_to_front
from fer3d.reconstruction.topology import VERTICES, Topology, load_topology
from fer3d.reconstruction.visibility import unoccluded_points, visible_points
from fer3d.toolbox import Toolbox


class Reason(StrEnum):
    """Why no face was reconstructed; the order defines the codes in the packed arrays."""

    RECONSTRUCTED = ""
    NO_FACE = "no_face"  # presence below reconstruct.min_presence
    DEGENERATE = "degenerate_landmarks"  # they do not determine a rotation


@dataclass(frozen=True)
class Reconstruction:
    """One face. If ``reason`` is not empty, all arrays are zero.

    Attributes:
        vertices_image: (V, 3), px, image frame: 468 float32 of facemesh, 43,867 float16 of prnet.
        vertices_face: (V, 3), cm, face frame: rotated to the front, centred, scaled.
        landmarks_image: (68, 2) float32, px, image frame, by ``reconstruct.landmarks``.
        mesh_landmarks_image: (68, 3) float64, px, image frame, by the backend.
        rotation: (3, 3) float32, ``face_from_image``.
        pose: (3,) float32, degrees: pitch, yaw, roll.
        visible: (D,) bool, visible points of the dense surface.
        presence: () float32, 0 to 1.
        reason: why there is no face, or "".
        features: (2, F) float16, of the network, of a crop of the face and a mirrored crop; None
            without ``reconstruct.features``.
    """

    vertices_image: Float[np.ndarray, "v 3"]
    vertices_face: Float[np.ndarray, "v 3"]
    landmarks_image: Float[np.ndarray, "68 2"]
    mesh_landmarks_image: Float[np.ndarray, "68 3"]
    rotation: Float[np.ndarray, "3 3"]
    pose: Float[np.ndarray, "3"]
    visible: Bool[np.ndarray, " d"]
    presence: np.float32
    reason: Reason
    features: Float16[np.ndarray, "2 f"] | None = None


@dataclass(frozen=True)
class Reconstructor:
    """Reconstructs faces and rotates them to the front; picklable.

    Attributes:
        backend: the network, which is loaded once per process.
        assets: folder of model files.
        params: the parameters of the stage.

    Source: paper A, sections 3.1 and 3.2.
    """

    backend: Backend
    assets: Path
    params: ReconstructParams

    def __call__(
        self,
        images: Sequence[UInt8[np.ndarray, "_ _ 3"]] | UInt8[np.ndarray, "n _ _ 3"],
        points: Sequence[FivePoints] | Float[np.ndarray, "n 5 2"],
    ) -> list[Reconstruction]:
        """The face of each image, independent of the other images.

        Args:
            images: (H, W, 3) uint8 each, RGB.
            points: (5, 2) float each, px, image frame: eyes, nose and corners of the mouth, left
                and right as seen; NaN if no face was detected: then the whole image is used.

        Raises:
            ValueError: not as many points as images.
        """
        if len(images) != len(points):
            raise ValueError(f"expected points of {len(images)} images, got {len(points)}")
        meshes = self.backend(list(images), np.asarray(points).reshape(-1, 5, 2))
        reasons = self._reasons(meshes)
        found = [number for number, reason in enumerate(reasons) if not reason]
        turned = self._turned([images[n] for n in found], [meshes[n] for n in found])
        faces = dict(zip(found, turned, strict=True))
        return [
            faces[number] if number in faces else self._nothing(meshes[number].presence, reason)
            for number, reason in enumerate(reasons)
        ]

    def _reasons(self, meshes: Sequence[Mesh]) -> list[Reason]:
        """Why each mesh is no face, or ""."""
        if not meshes:
            return []
        degenerate = np.atleast_1d(is_degenerate(np.stack([mesh.landmarks for mesh in meshes])))
        absent = [mesh.presence < self.params.min_presence for mesh in meshes]
        return [
            Reason.NO_FACE if a else Reason.DEGENERATE if d else Reason.RECONSTRUCTED
            for a, d in zip(absent, degenerate, strict=True)
        ]

    def _turned(self, images: Images, meshes: Sequence[Mesh]) -> list[Reconstruction]:
        """The meshes of the backend, rotated to the front."""
        if not meshes:
            return []
        vertices, points = (
            np.stack([getattr(mesh, name) for mesh in meshes]) for name in ("vertices", "landmarks")
        )
        fit, vertices_face = _fit(vertices, points, load_topology(self.assets, 0), self.params.fit)
        kept = self.backend.vertices.dtype
        found = self._landmarks(images, vertices, points, fit)
        return [
            Reconstruction(
                vertices_image=mesh.vertices.astype(kept),
                vertices_face=vertices_face[n].astype(kept),
                landmarks_image=found[n].astype(np.float32),
                mesh_landmarks_image=mesh.landmarks,
                rotation=fit.rotation[n].astype(np.float32),
                pose=pose_from_rotation(fit.rotation[n]).astype(np.float32),
                visible=self._visible(mesh),
                presence=np.float32(mesh.presence),
                reason=Reason.RECONSTRUCTED,
                features=self._kept(mesh.features),
            )
            for n, mesh in enumerate(meshes)
        ]

    @property
    def features_spec(self) -> Spec | None:
        """Storage format of the features of one face; None if they are not asked for."""
        return self.backend.features if self.params.features else None

    def _kept(self, features: np.ndarray | None) -> Float16[np.ndarray, "2 f"] | None:
        """Features in their storage format, zero without a face; None if they are not asked for."""
        if self.features_spec is None:
            return None
        if features is None:
            return np.zeros(self.features_spec.shape, self.features_spec.dtype)
        return features.astype(self.features_spec.dtype)

    def _visible(self, mesh: Mesh) -> Bool[np.ndarray, " d"]:
        """(D,) bool, by the method of the parameters."""
        surface = self.backend.surface.load()
        method = visible_points if self.params.visibility == "paper" else unoccluded_points
        return method(surface(mesh.vertices), surface.triangles)

    def _landmarks(
        self,
        images: Images,
        vertices: np.ndarray,
        points: np.ndarray,
        face_from_image: Similarity,
    ) -> Float[np.ndarray, "n 68 2"]:
        """(N, 68, 2) px, image frame, from the source of the parameters."""
        if self.params.landmarks != "dlib":
            return points[..., :2]
        if vertices.shape[1] != VERTICES:  # dlib's box is estimated from the face mesh
            vertices = face_from_image.inverse()(load_topology(self.assets, 0).reference)
        return landmarks.load_dlib(self.assets / landmarks.MODEL)(images, vertices)

    def _nothing(self, presence: float, reason: Reason) -> Reconstruction:
        return Reconstruction(
            vertices_image=np.zeros(*astuple(self.backend.vertices)),
            vertices_face=np.zeros(*astuple(self.backend.vertices)),
            landmarks_image=np.zeros((landmarks.POINTS, 2), np.float32),
            mesh_landmarks_image=np.zeros((landmarks.POINTS, 3)),
            rotation=np.zeros((3, 3), np.float32),
            pose=np.zeros(3, np.float32),
            visible=np.zeros(len(self.backend.surface.load()), bool),
            presence=np.float32(presence),
            reason=reason,
            features=self._kept(None),
        )


def make_reconstructor(params: ReconstructParams, toolbox: Toolbox) -> Reconstructor:
    """The reconstructor for the section `reconstruct` of the parameters.

    Args:
        params: of the stage.
        toolbox: model files, and the device of PyTorch networks.
    """
    return Reconstructor(make_backend(params, toolbox), toolbox.assets, params)


def _fit(
    vertices: np.ndarray, points: np.ndarray, topology: Topology, how: str
) -> tuple[Similarity, np.ndarray]:
    """The similarities to the front, from all vertices or from landmarks; the frontal faces."""
    reference = topology.reference
    if how == "rigid" and vertices.shape[1] == VERTICES:
        by_vertex = rigid_weights(reference, topology.triangles)
        return turn_to_front(vertices, reference, by_vertex)
    weights = landmarks.RIGID if how == "rigid" else None
    fit = fit_similarity(points, landmarks.mesh_landmarks(reference), weights)
    return fit, fit(vertices)
