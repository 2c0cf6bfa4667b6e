"""MediaPipe Face Mesh: 468 vertices of a face in an image, by its attention mesh.

Source: Y. Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile
GPUs, 2019, for the crops. The network file has a batch size of 1, so images are processed one by
one.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from fer3d.geometry.affine import Crop, crop_around, whole_crop
from fer3d.geometry.typing import FivePoints, Image
from fer3d.reconstruction.attention import INPUT_SIZE, AttentionMesh
from fer3d.reconstruction.calibration import calibrate
from fer3d.reconstruction.crops import five_point_layout
from fer3d.reconstruction.mesh import Mesh
from fer3d.reconstruction.rigid import rigid_weights
from fer3d.reconstruction.topology import (
    LANDMARKS_68,
    LEFT_EYE_CORNERS,
    RIGHT_EYE_CORNERS,
    load_topology,
)

MODEL = "face_landmark_with_attention.tflite"
CROP_SCALES = (1.5, 1.75)
"""Sides of the crops around the mesh of the first pass, relative to the longer side of the levelled
mesh. MediaPipe uses 1.5; the mean of two crops is more accurate (docs/notes/accuracy3d.md)."""

POINTS_CROP_SCALE = 3.5
"""Side of the first crop, relative to the larger of the distances between the eyes and between eyes
and mouth: the median side of the second crop (docs/notes/accuracy3d.md). Unlike a crop around the
box, it does not depend on the detector's definition of the box."""


class FaceMesh:
    """The loaded network; calls are independent of each other."""

    def __init__(self, model: Path):
        """Load the network, for one thread, and the reference face from the same folder."""
        self._topology = load_topology(model.parent, 0)
        self._weights = rigid_weights(self._topology.reference, self._topology.triangles)
        self._network = AttentionMesh(model)

    def __call__(self, image: Image, points: FivePoints) -> Mesh:
        """The mesh of one face.

        Args:
            image: (H, W, 3) uint8, RGB.
            points: (5, 2) float, px, image frame: eyes, nose and corners of the mouth, left and
                right as seen; NaN if no face was detected: then the whole image is used.

        Returns:
            468 vertices, z approximately relative to the centre of the head; presence is the
            highest confidence over the crops around the first mesh.
        """
        first, _ = self._run(image, first_crop(image.shape[:2], points))
        crops = [mesh_crop(first, scale) for scale in CROP_SCALES]
        seen, presences = zip(*(self._run(image, crop) for crop in crops), strict=True)
        mirrored = [self._run_mirrored(image, crop) for crop in crops]
        vertices = np.mean([*seen, *mirrored], axis=0)
        vertices = calibrate(vertices, self._topology.reference, self._weights)
        return Mesh(vertices, vertices[LANDMARKS_68], max(presences))

    def _run(self, image: Image, crop: Crop) -> tuple[Float[np.ndarray, "468 3"], float]:
        """The mesh (468, 3), px, image frame, in a crop, and its presence."""
        vertices, presence = self._infer(crop.sample(image, INPUT_SIZE))
        return crop.to_image(vertices, INPUT_SIZE), presence

    def _run_mirrored(self, image: Image, crop: Crop) -> Float[np.ndarray, "468 3"]:
        """The mesh from the mirrored crop, where the network has different errors."""
        vertices, _ = self._infer(crop.sample(image, INPUT_SIZE)[:, ::-1])
        vertices = vertices[self._topology.mirror] * [-1, 1, 1] + [INPUT_SIZE, 0, 0]
        return crop.to_image(vertices, INPUT_SIZE)

    def _infer(
        self, crop: UInt8[np.ndarray, "192 192 3"]
    ) -> tuple[Float[np.ndarray, "468 3"], float]:
        """Vertices (468, 3) float64, px, of a crop (192, 192, 3) uint8, and presence.

        Lips and eyes are predicted by trunk and branches; the mean is used
        (docs/notes/accuracy3d.md).
        """
        meshes, score = self._network(crop.astype(np.float32) / np.float32(255))
        return meshes.mean(axis=0), float(1 / (1 + np.exp(-score)))


@lru_cache(maxsize=2)
def load_facemesh(model: Path) -> FaceMesh:
    """The network of a file, once per process."""
    return FaceMesh(model)


def first_crop(shape: tuple[int, int], points: FivePoints) -> Crop:
    """The crop around the five points, or the whole image without them."""
    if not np.isfinite(points).all():
        return whole_crop(shape)
    (x, y), across, unit = five_point_layout(points)
    side = POINTS_CROP_SCALE * unit
    return Crop(float(x), float(y), float(side), float(np.arctan2(across[1], across[0])))


def mesh_crop(vertices: Float[np.ndarray, "468 3"], scale: float) -> Crop:
    """The crop around a mesh (468, 3), px, image frame, with level eyes.

    Its side is ``scale`` times the longer side of the levelled mesh.
    """
    planar = vertices[:, :2]
    right = planar[list(RIGHT_EYE_CORNERS)].mean(axis=0)
    left = planar[list(LEFT_EYE_CORNERS)].mean(axis=0)
    return crop_around(planar, scale, right, left)
