"""MediaPipe Face Mesh: 468 vertices of a face in an image, by its attention mesh.

Source: Y. Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile
GPUs, 2019, for the crops.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Integer, UInt8

from fer3d.geometry.affine import Crop, crop_around
from fer3d.geometry.typing import Images
from fer3d.reconstruction.attention import INPUT_SIZE, AttentionMesh
from fer3d.reconstruction.calibration import calibrate
from fer3d.reconstruction.crops import five_point_layout
from fer3d.reconstruction.mesh import Mesh
from fer3d.reconstruction.params import MeshRuntime
from fer3d.reconstruction.rigid import rigid_weights
from fer3d.reconstruction.topology import (
    LANDMARKS_68,
    LEFT_EYE_CORNERS,
    RIGHT_EYE_CORNERS,
    VERTICES,
    load_topology,
)

MODEL = "face_landmark_with_attention.tflite"
CROP_SCALES = {3: (1.625,), 5: (1.5, 1.75)}
"""By number of passes, the sides of the crops around the mesh of the first pass, relative to the
longer side of the levelled mesh. Each is passed as it is and mirrored. MediaPipe uses 1.5; the mean
of two crops is more accurate (docs/notes/accuracy3d.md, docs/speed.md)."""

POINTS_CROP_SCALE = 3.5
"""Side of the first crop, relative to the larger of the distances between the eyes and between eyes
and mouth: the median side of the second crop (docs/notes/accuracy3d.md). Unlike a crop around the
box, it does not depend on the detector's definition of the box."""


class FaceMesh:
    """The loaded network; calls are independent of each other."""

    def __init__(
        self, model: Path, passes: int = 5, runtime: MeshRuntime = "litert", device: str = "cpu"
    ):
        """Load the network, for one thread, and the reference face from the same folder.

        Args:
            model: file of the network.
            passes: 3 or 5, of the network for each image.
            runtime: the library that runs the network.
            device: cpu | cuda, of the runtime ``torch``.

        Raises:
            UserError: the file is not that of the network.
        """
        self._scales = CROP_SCALES[passes]
        self._topology = load_topology(model.parent, 0)
        self._weights = rigid_weights(self._topology.reference, self._topology.triangles)
        self._network = AttentionMesh(model, runtime, device)

    def __call__(self, images: Images, points: Float[np.ndarray, "n 5 2"]) -> list[Mesh]:
        """The mesh of the face of each image, independent of the other images.

        Args:
            images: (H, W, 3) uint8, RGB, each.
            points: (N, 5, 2) float, px, image frame: eyes, nose and corners of the mouth, left and
                right as seen; NaN if no face was detected: then the whole image is used.

        Returns:
            468 vertices, z approximately relative to the centre of the head; presence is the
            highest confidence over the crops around the first mesh.
        """
        if not len(images):
            return []
        crop = first_crop(np.array([image.shape[:2] for image in images]), points)
        first, _ = self._infer(crop.sample_each(images, INPUT_SIZE))
        first = crop.to_image(first, INPUT_SIZE)
        crops = [mesh_crop(first, scale) for scale in self._scales]
        seen, presence = self._look_again(images, crops)
        vertices = calibrate(seen, self._topology.reference, self._weights)
        return [
            Mesh(mesh, mesh[LANDMARKS_68], float(confidence))
            for mesh, confidence in zip(vertices, presence, strict=True)
        ]

    def _look_again(
        self, images: Images, crops: Sequence[Crop]
    ) -> tuple[Float[np.ndarray, "n 468 3"], Float[np.ndarray, " n"]]:
        """The mean mesh of each image, px, image frame, and its highest presence.

        Each crop is passed as it is and mirrored, where the network has different errors.
        """
        pixels = np.concatenate([crop.sample_each(images, INPUT_SIZE) for crop in crops])
        meshes, presences = self._infer(with_mirrored(pixels))
        shape = 2, len(crops), len(images)
        seen, mirrored = meshes.reshape(*shape, VERTICES, 3)
        mirrored = mirrored[:, :, self._topology.mirror] * [-1, 1, 1] + [INPUT_SIZE, 0, 0]
        found = [
            crop.to_image(meshes, INPUT_SIZE)
            for each in (seen, mirrored)
            for crop, meshes in zip(crops, each, strict=True)
        ]
        return np.mean(found, axis=0), presences.reshape(shape)[0].max(axis=0)

    def _infer(
        self, crops: UInt8[np.ndarray, "n 192 192 3"]
    ) -> tuple[Float[np.ndarray, "n 468 3"], Float[np.ndarray, " n"]]:
        """Vertices (N, 468, 3) float64, px, of crops (N, 192, 192, 3) uint8, and presence (N,).

        Lips and eyes are predicted by trunk and branches; the mean is used
        (docs/notes/accuracy3d.md).
        """
        meshes, scores = self._network(crops)
        return meshes.mean(axis=1), 1 / (1 + np.exp(-scores))


def with_mirrored(
    images: UInt8[np.ndarray, "n height width 3"],
) -> UInt8[np.ndarray, "2*n height width 3"]:
    """Images (N, H, W, 3) uint8, then their mirror images."""
    both = np.concatenate([images, images])
    for image, mirrored in zip(images, both[len(images) :], strict=True):
        cv2.flip(image, 1, mirrored)  # NumPy needs 200 times as long
    return both


@lru_cache(maxsize=2)
def load_facemesh(
    model: Path, passes: int = 5, runtime: MeshRuntime = "litert", device: str = "cpu"
) -> FaceMesh:
    """The network of a file, once per process."""
    return FaceMesh(model, passes, runtime, device)


def first_crop(shapes: Integer[np.ndarray, "n 2"], points: Float[np.ndarray, "n 5 2"]) -> Crop:
    """The crop around the five points of each image, or the whole image without them.

    Args:
        shapes: (N, 2) height and width of the images, px.
        points: (N, 5, 2) float, px, image frame; NaN if unknown.
    """
    known = np.isfinite(points).all(axis=(-1, -2))
    centre, across, unit = five_point_layout(points)
    x, y = np.where(known[:, None], centre, shapes[:, ::-1] / 2).T
    side = np.where(known, POINTS_CROP_SCALE * unit, shapes.max(axis=1))
    angle = np.where(known, np.arctan2(across[:, 1], across[:, 0]), 0.0)
    return Crop(x, y, side, angle)


def mesh_crop(vertices: Float[np.ndarray, "*batch 468 3"], scale: float) -> Crop:
    """The crops around meshes (..., 468, 3), px, image frame, with level eyes.

    Their side is ``scale`` times the longer side of the levelled mesh.
    """
    planar = vertices[..., :2]
    right = planar[..., list(RIGHT_EYE_CORNERS), :].mean(axis=-2)
    left = planar[..., list(LEFT_EYE_CORNERS), :].mean(axis=-2)
    return crop_around(planar, scale, right, left)
