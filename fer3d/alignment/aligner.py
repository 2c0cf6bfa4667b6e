"""Alignment of decoded images: detect, choose a face, level its eyes, crop, resize."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fer3d.alignment import eyes
from fer3d.alignment.detector import Detections, Detector, largest_first, most_central
from fer3d.alignment.params import AlignParams
from fer3d.alignment.reject import face_side
from fer3d.geometry import affine
from fer3d.toolbox import Toolbox


@dataclass(frozen=True)
class Aligned:
    """One aligned image; box and points in its image frame, px.

    Attributes:
        image: (S, S, 3) uint8 RGB.
        aligned_from_image: (2, 3) of ``Aligner.dtype``, affine from the source image.
        aligned: whether a face was found and its eyes are level.
        detection: name of the detector that found the face; "" if none was found.
        box: (4,) of that dtype, x, y, width, height of the face; NaN if none was found.
        points: (5, 2) of that dtype, in the order of ``Detections``; NaN if no eyes were found.
        confidence: 0 to 1; 0 if no face was found.
        box_source: (4,) of that dtype, the detected box in the source image, px.
        sides: (n,) of that dtype, px, of the boxes of all faces that the detector found in the
            source image.
    """

    image: np.ndarray
    aligned_from_image: np.ndarray
    aligned: bool
    detection: str
    box: np.ndarray
    points: np.ndarray
    confidence: float
    box_source: np.ndarray
    sides: np.ndarray

    @property
    def faces_found(self) -> int:
        """Number of faces that the detector found in the source image."""
        return len(self.sides)


@dataclass(frozen=True)
class Aligner:
    """Aligns images.

    Attributes:
        detector: the face detector.
        size: side of the aligned image, px.
        crop: side of the square around the face, relative to the mean side of its box; None keeps
            the whole image, rotated.
        padding: replicated border added before detection, relative to the image's longer side.
        dtype: of boxes, points and affines; the stage `align` uses float32.
    """

    detector: Detector
    size: int
    crop: float | None
    padding: float = 0.0
    dtype: type[np.floating] = np.float32

    def align(self, images: Sequence[np.ndarray]) -> list[Aligned]:
        """Align each image (H, W, 3) uint8 RGB, of any size, to its most central large face.

        Images of one size are batched for detection. An image without a face is fitted into the
        square and not rotated.
        """
        found = zip(images, self.detect(images), strict=True)
        return [self._central(image, faces) for image, faces in found]

    def align_all(self, images: Sequence[np.ndarray]) -> list[list[Aligned]]:
        """Align images to each of their faces, the largest first; see ``align``.

        Returns:
            A list for each image, empty if no face was found.
        """
        found = zip(images, self.detect(images), strict=True)
        return [
            [self.crop_face(image, faces, face) for face in largest_first(faces.boxes)]
            for image, faces in found
        ]

    def detect(self, images: Sequence[np.ndarray]) -> list[Detections]:
        """The faces of each image (H, W, 3) uint8 RGB, of any size, in the detector's order."""
        sizes: dict[tuple[int, ...], list[int]] = {}
        for i, image in enumerate(images):
            sizes.setdefault(image.shape, []).append(i)
        results: dict[int, Detections] = {}
        for members in sizes.values():
            found = self._detect_padded(np.stack([images[i] for i in members]))
            results.update(zip(members, found, strict=True))
        return [results[i] for i in range(len(images))]

    def crop_face(self, image: np.ndarray, faces: Detections, face: int) -> Aligned:
        """Align an image (H, W, 3) uint8 RGB to one of its faces, given by its index."""
        box, points = faces.boxes[face].astype(self.dtype), faces.points[face].astype(self.dtype)
        height, width = image.shape[:2]
        aligned_from_image = eyes.face_crop(box, points, height, width, self.size, self.crop)
        return Aligned(
            image=affine.warp(image, aligned_from_image, self.size),
            aligned_from_image=aligned_from_image.astype(self.dtype),
            aligned=bool(np.isfinite(points).all()),
            detection=self.detector.name,
            box=affine.move_box(aligned_from_image, box).astype(self.dtype),
            points=affine.apply(aligned_from_image, points).astype(self.dtype),
            confidence=float(faces.confidence[face]),
            box_source=box,
            sides=face_side(faces.boxes).astype(self.dtype),
        )

    def _detect_padded(self, images: np.ndarray) -> list[Detections]:
        # a face is at most as large as the shorter side, so a wider border is useless
        border = min(round(self.padding * max(images.shape[1:3])), min(images.shape[1:3]))
        if border == 0:
            return self.detector.detect(images)
        edges = (border, border, border, border, cv2.BORDER_REPLICATE)
        padded = np.stack([cv2.copyMakeBorder(image, *edges) for image in images])
        return [faces.moved(border, border) for faces in self.detector.detect(padded)]

    def _central(self, image: np.ndarray, faces: Detections) -> Aligned:
        if len(faces) == 0:
            return self._kept(image)
        return self.crop_face(image, faces, most_central(faces.boxes, *image.shape[:2]))

    def _kept(self, image: np.ndarray) -> Aligned:
        height, width = image.shape[:2]
        aligned_from_image = affine.whole_image(height, width, self.size)
        return Aligned(
            image=affine.warp(image, aligned_from_image, self.size),
            aligned_from_image=aligned_from_image.astype(self.dtype),
            aligned=False,
            detection="",
            box=np.full(4, np.nan, self.dtype),
            points=np.full((5, 2), np.nan, self.dtype),
            confidence=0.0,
            box_source=np.full(4, np.nan, self.dtype),
            sides=np.empty(0, self.dtype),
        )


def make_detector(
    name: str,
    assets: Path,
    *,
    min_face: int,
    thresholds: tuple[float, float, float],
    device: str = "cpu",
) -> Detector:
    """The detector called ``mtcnn`` or ``haar``.

    Args:
        name: name of the detector.
        assets: folder of model files.
        min_face: side of the smallest face, px.
        thresholds: of MTCNN's three networks.
        device: of torch, for MTCNN.
    """
    if name == "mtcnn":
        from fer3d.alignment.mtcnn import Mtcnn

        return Mtcnn(assets, min_face=min_face, thresholds=thresholds, device=device)
    if name == "haar":
        from fer3d.alignment.haar import HaarCascade

        return HaarCascade(min_face=min_face)
    raise ValueError(f"detector: expected 'mtcnn' or 'haar', got {name!r}")


def make_aligner(params: AlignParams, toolbox: Toolbox) -> Aligner:
    """The aligner for the section `align` of the parameters.

    Args:
        params: of the stage.
        toolbox: model files, and the device for MTCNN.
    """
    detector = make_detector(
        params.detector,
        toolbox.assets,
        min_face=params.min_face,
        thresholds=params.thresholds,
        device=device_of(params, toolbox),
    )
    return Aligner(detector, params.size, params.crop, params.padding)


def device_of(params: AlignParams, toolbox: Toolbox) -> str:
    """Device of the detection, ``cpu`` or ``cuda``; part of the keys of results."""
    return toolbox.device if params.detector == "mtcnn" else "cpu"
