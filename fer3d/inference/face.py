"""One face of an image, aligned and reconstructed, in both frames."""

from dataclasses import dataclass

import numpy as np

from fer3d.alignment.aligner import Aligned
from fer3d.geometry import affine
from fer3d.geometry.frames import pose_from_rotation
from fer3d.reconstruction.landmarks import ibug_landmarks
from fer3d.reconstruction.recentralize import fit_similarity
from fer3d.reconstruction.reconstructor import Reconstruction
from fer3d.reconstruction.topology import VERTICES


@dataclass(frozen=True)
class Face:
    """One face of an image, aligned and reconstructed.

    Properties named ``_source`` are in the image frame of the source image, in which the face was
    found; they need a reconstruction.

    Attributes:
        aligned: the aligned image, and its position in the source image.
        reconstruction: the face in 3D, in the frame of the aligned image; ``reason`` is not empty
            if there is none.
    """

    aligned: Aligned
    reconstruction: Reconstruction

    @property
    def vertices_source(self) -> np.ndarray:
        """(V, 3) float64, px."""
        return self._to_source(self.reconstruction.vertices_image.astype(np.float64))

    @property
    def landmarks_source(self) -> np.ndarray:
        """(68, 3) float64, px: the points of iBUG 300-W, hidden ones included.

        z points away from the viewer; its origin: docs/face3d.md.
        """
        found = self.reconstruction
        if len(found.vertices_image) != VERTICES:
            return self._to_source(found.mesh_landmarks_image)
        face_from_image = fit_similarity(found.vertices_image, found.vertices_face)
        return self._to_source(ibug_landmarks(found.vertices_image, face_from_image))

    @property
    def pose_source(self) -> np.ndarray:
        """(3,) float64, degrees: pitch, yaw, roll."""
        turn = affine.turn_of(self.aligned.aligned_from_image)
        return pose_from_rotation(self.reconstruction.rotation @ turn)

    def _to_source(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) of the aligned image in the source image."""
        there = self.aligned.aligned_from_image
        planar = affine.apply(affine.invert(there), points[:, :2])
        return np.column_stack([planar, points[:, 2] / affine.scale_of(there)])
