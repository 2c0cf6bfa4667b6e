"""One face of an image: what the pipeline says of it, and where that lies in the image."""

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

    What is named after the source is in the image frame of the image in which the face was found;
    it is known where there is a reconstruction.

    Attributes:
        aligned: the image about it, and where it lies in the source image.
        reconstruction: it in 3D, in the frame of the aligned image; its ``reason`` says why where
            there is none.
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

        z points away from the viewer, from about the head's middle.
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
