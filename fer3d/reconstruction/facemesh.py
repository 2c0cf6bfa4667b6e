"""MediaPipe Face Mesh: 468 vertices of a face in an image, by its attention mesh.

Source: Y. Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile
GPUs, 2019, for the crops.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Integer, UInt8

from fer3d.geometry.affine import Crop, crop_around
from fer3d.geometry.typing import Images
from fer3d.reconstruction.attention import INPUT_SIZE, AttentionMesh, NetworkOutput
from fer3d.reconstruction.calibration import calibrate, load_fields
from fer3d.reconstruction.crops import five_point_layout
from fer3d.reconstruction.mesh import Mesh
from fer3d.reconstruction.params import MeshRuntime
from fer3d.reconstruction.recentralize import is_degenerate
from fer3d.reconstruction.rigid import rigid_weights
from fer3d.reconstruction.topology import (
    LANDMARKS_68,
    LEFT_EYE_CORNERS,
    RIGHT_EYE_CORNERS,
    VERTICES,
    load_topology,
)

MODEL = "face_landmark_with_attention.tflite"
POINTS_CROP_SCALE = 3.5
"""Side of the first crop, relative to the larger of the distances between the eyes and between eyes
and mouth: the median side of the second crop (docs/notes/accuracy3d.md). Unlike a crop around the
box, it does not depend on the detector's definition of the box."""


@dataclass(frozen=True)
class Scheme:
    """The passes after the first one.

    Attributes:
        plain, mirrored: sides of the crops around the first mesh, relative to the longer side of
            the levelled mesh; those that are passed as they are, and mirrored, where the network
            has different errors. MediaPipe uses 1.5.
        trunk: weight of the trunk in lips and eyes; the rest is that of the branches.
    """

    plain: tuple[float, ...]
    mirrored: tuple[float, ...]
    trunk: float


SCHEMES = {3: Scheme((1.5,), (1.45,), 0.4), 5: Scheme((1.5, 1.75), (1.5, 1.75), 0.5)}
"""By number of passes (docs/notes/accuracy3d.md). The calibration belongs to the scheme."""

_FIRST_TRUNK = 0.5  # weight of the trunk in the mesh of the first pass


class FaceMesh:
    """The loaded network; calls are independent of each other."""

    def __init__(
        self, model: Path, passes: int, runtime: MeshRuntime = "litert", device: str = "cpu"
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
        self._scheme, self._fields = SCHEMES[passes], load_fields(passes)
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
            468 vertices, z relative to their mean depth; presence is the highest confidence over
            the sizes of the crops around the first mesh, one view of each; features are those of
            the first plain and the first mirrored crop around the first mesh.
        """
        if not len(images):
            return []
        crop = first_crop(np.array([image.shape[:2] for image in images]), points)
        drawn = self._network(crop.sample_each(images, INPUT_SIZE))
        first = crop.to_image(_mean_mesh(drawn, _FIRST_TRUNK), INPUT_SIZE)
        seen, presence, features = self._look_again(images, first)
        vertices = self._calibrated(seen)
        return [
            Mesh(mesh, mesh[LANDMARKS_68], float(confidence), both)
            for mesh, confidence, both in zip(vertices, presence, features, strict=True)
        ]

    def _calibrated(self, seen: Float[np.ndarray, "n 468 3"]) -> Float[np.ndarray, "n 468 3"]:
        """The meshes without systematic error; degenerate ones, which have no pose, as they are."""
        vertices = seen.astype(np.float64)
        posed = ~is_degenerate(seen)
        if posed.any():
            reference = self._topology.reference
            vertices[posed] = calibrate(seen[posed], reference, self._weights, self._fields)
        return vertices

    def _look_again(
        self, images: Images, first: Float[np.ndarray, "n 468 3"]
    ) -> tuple[
        Float[np.ndarray, "n 468 3"], Float[np.ndarray, " n"], Float[np.ndarray, "n 2 2688"]
    ]:
        """The mean mesh of each image, px, image frame, over the crops around the first mesh, the
        highest presence, and the features of a plain and a mirrored crop.
        """
        plain, mirrored = self._scheme.plain, self._scheme.mirrored
        crops = {scale: mesh_crop(first, scale) for scale in {*plain, *mirrored}}
        pixels = {scale: crop.sample_each(images, INPUT_SIZE) for scale, crop in crops.items()}
        views = [*(pixels[s] for s in plain), *(mirror_images(pixels[s]) for s in mirrored)]
        drawn = self._network(np.concatenate(views))
        meshes = _mean_mesh(drawn, self._scheme.trunk).reshape(len(views), -1, VERTICES, 3)
        back = meshes[len(plain) :, :, self._topology.mirror] * [-1, 1, 1] + [INPUT_SIZE, 0, 0]
        found = [
            crops[scale].to_image(each, INPUT_SIZE)
            for scale, each in zip(plain + mirrored, [*meshes[: len(plain)], *back], strict=True)
        ]
        presences = (1 / (1 + np.exp(-drawn.scores))).reshape(len(views), -1)
        features = drawn.features.reshape(len(views), len(images), -1)
        both = np.stack([features[0], features[len(plain)]], axis=1)
        return np.mean(found, axis=0), presences[: len(crops)].max(axis=0), both


def _mean_mesh(drawn: NetworkOutput, trunk: float) -> Float[np.ndarray, "n 468 3"]:
    """Vertices (N, 468, 3) float64, px of the crops.

    Lips and eyes are predicted by trunk and branches; ``trunk`` is its weight in their mean.
    """
    return trunk * drawn.meshes[:, 0] + (1 - trunk) * drawn.meshes[:, 1]


def mirror_images(
    images: UInt8[np.ndarray, "n height width 3"],
) -> UInt8[np.ndarray, "n height width 3"]:
    """Images with left and right exchanged."""
    mirrored = np.empty_like(images)
    for image, result in zip(images, mirrored, strict=True):
        cv2.flip(image, 1, result)  # NumPy takes 0.35 ms, this 5 us
    return mirrored


@lru_cache(maxsize=2)
def load_facemesh(
    model: Path, passes: int, runtime: MeshRuntime = "litert", device: str = "cpu"
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
