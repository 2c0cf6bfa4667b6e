"""MTCNN, batched: a cascade of three networks detects faces and five points.

Source: Zhang et al., IEEE SPL 2016. Pyramid, box arithmetic, order of suppression and thresholds
are those of the PyPI package `mtcnn` 1.0.0, whose results this detector reproduces.

The result of an image does not depend on its batch or on the number of threads: networks run in one
thread, on levels and crops whose shape depends only on the image's size.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fer3d.alignment import boxes as box
from fer3d.alignment import mtcnn_crops, mtcnn_networks, mtcnn_shrink
from fer3d.alignment.detector import Detections
from fer3d.alignment.mtcnn_canvas import CANVAS_PIXELS, Canvas, arrange
from fer3d.machine.threads import reproducible_torch

# px. The package's origin is the centre of the first pixel, that of fer3d its corner. Measured:
# points of mirrored FER2013 images are half a pixel apart at any size.
PIXEL_CENTRE = 0.5

THRESHOLDS = (0.6, 0.7, 0.8)  # minimum face probability after each network, as in the package
MIN_FACE = 20  # px, as in the package

_SCALE_STEP = 0.709  # between levels of the pyramid, about half the area
_LEVEL_OVERLAP = 0.5  # threshold of suppression within a level
_OVERLAP = 0.7  # threshold of suppression after each network
# most crops per call of a network, so that its maps stay in the processor's cache
_REFINE_CROPS, _OUTPUT_CROPS = 16, 4


@dataclass(frozen=True)
class Mtcnn:
    """The MTCNN detector. Picklable; the networks are loaded once per process.

    Attributes:
        assets: folder with pnet.lz4, rnet.lz4 and onet.lz4.
        min_face: side of the smallest face, px, at least 12.
        thresholds: minimum face probability after each of the three networks.
        device: of torch.
    """

    assets: Path
    min_face: int = MIN_FACE
    thresholds: tuple[float, float, float] = THRESHOLDS
    device: str = "cpu"

    name: ClassVar[str] = "mtcnn"

    def __post_init__(self) -> None:
        if self.min_face < box.CELL:
            raise ValueError(f"min_face: expected at least 12 px, got {self.min_face}")

    @torch.inference_mode()
    @reproducible_torch(cudnn=False)
    def detect(self, images: np.ndarray) -> list[Detections]:
        """Faces of RGB images (N, H, W, 3) uint8, by descending probability.

        Unlike in the package, boxes are not clipped to the image, because a clipped box no longer
        gives the centre and size of the face.
        """
        if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
            raise ValueError(f"expected (N, H, W, 3) uint8, got {images.shape} {images.dtype}")
        images = np.array(images)  # in memory, contiguous and writable: one type for Numba
        owner, found = self._propose(images)
        owner, found = self._refined(images, owner, found)
        owner, found, points, scores = self._final(images, owner, found)
        size = found[:, 2:] - found[:, :2]
        found = np.concatenate([found[:, :2], size], axis=1).astype(np.float32)
        ends = np.searchsorted(owner, np.arange(len(images) + 1))
        return [
            Detections(found[a:b], (points[a:b] + PIXEL_CENTRE).astype(np.float32), scores[a:b])
            for a, b in itertools.pairwise(ends)
        ]

    @property
    def _networks(self) -> mtcnn_networks.Networks:
        return mtcnn_networks.load(self.assets, self.device)

    def _propose(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Square candidates: image (n,) and corners (n, 4)."""
        scales, canvases = _levels(*images.shape[1:3], self.min_face)
        columns = mtcnn_shrink.by_columns(images)
        found = [self._scan(columns, canvas) for canvas in canvases] or [_nothing()]
        owner, levels, corners, scores = (np.concatenate(part) for part in zip(*found, strict=True))
        corners /= scales[levels, None]
        keep = box.suppress(corners, scores, owner * len(scales) + levels, _LEVEL_OVERLAP)
        owner, corners, scores = owner[keep], corners[keep], scores[keep]
        keep = box.suppress(corners, scores, owner, _OVERLAP)
        return owner[keep], box.square(corners[keep])

    def _scan(self, columns: np.ndarray, canvas: Canvas) -> tuple[np.ndarray, ...]:
        """Proposals of levels: image (n,), level (n,), corners (n, 4) in px of the level, face
        probability (n,)."""
        pictures = torch.from_numpy(mtcnn_shrink.draw_levels(columns, canvas)).to(self.device)
        edges = torch.from_numpy(canvas.edges).to(self.device)
        most = max(1, CANVAS_PIXELS // (canvas.height * canvas.width))
        network = partial(self._networks.proposal, edges=edges)
        moves, probability = _in_calls(network, pictures.permute(0, 3, 1, 2), most)
        seen = (probability > self.thresholds[0]) & (canvas.cells >= 0)
        owner, rows, columns = np.nonzero(seen)
        scores, moves = probability[seen], moves[owner, :, rows, columns]
        number = canvas.cells[rows, columns]
        rows, columns = (rows, columns) - canvas.places[number, :2].T // box.STRIDE
        return owner, canvas.levels[number], box.from_cells(rows, columns, moves), scores

    def _refined(
        self, images: np.ndarray, owner: np.ndarray, found: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Squares accepted by the second network: image (n,) and corners (n, 4)."""
        crops = self._crops(images, owner, found, mtcnn_networks.REFINE_SIZE)
        offsets, scores = _in_calls(self._networks.refine, crops, _REFINE_CROPS)
        passed = scores > self.thresholds[1]
        owner, scores = owner[passed], scores[passed]
        found = box.refine(found[passed], offsets[passed])
        keep = box.suppress(found, scores, owner, _OVERLAP)
        return owner[keep], box.square(found[keep])

    def _final(
        self, images: np.ndarray, owner: np.ndarray, found: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Faces: image (n,), corners (n, 4), points (n, 5, 2), face probability (n,)."""
        crops = self._crops(images, owner, found, mtcnn_networks.OUTPUT_SIZE)
        offsets, fractions, scores = _in_calls(self._networks.output, crops, _OUTPUT_CROPS)
        passed = scores > self.thresholds[2]
        owner, found, scores = owner[passed], found[passed], scores[passed]
        points = box.points_in(found, fractions[passed])
        found = box.refine(found, offsets[passed])
        keep = box.suppress(found, scores, owner, _OVERLAP, method="min")
        return owner[keep], found[keep], points[keep], scores[keep]

    def _crops(self, images: np.ndarray, owner: np.ndarray, found: np.ndarray, size: int) -> Tensor:
        if self.device == "cpu":
            return mtcnn_crops.crop(images, owner, found, size)
        pixels, owners, boxes = (
            torch.from_numpy(array).to(self.device) for array in (images, owner, found)
        )
        return mtcnn_crops.crop_by_tensors(pixels, owners, boxes, size)


def pyramid(height: int, width: int, min_face: int) -> list[float]:
    """Scales at which the proposal network scans an image, descending; empty if it is too small.

    As in the package, their number depends only on the image's size, not on ``min_face``.
    """
    octaves = math.log(min(height, width) / box.CELL) / -math.log(_SCALE_STEP)
    first = box.CELL / min_face
    return [first * _SCALE_STEP**level for level in range(round(octaves - 1))]


@lru_cache
def _levels(height: int, width: int, min_face: int) -> tuple[np.ndarray, list[Canvas]]:
    """The scales of an image's pyramid (L,) float64, without levels that are too small, and where
    the levels lie."""
    scales = pyramid(height, width, min_face)
    sides = [(int(height * scale), int(width * scale)) for scale in scales]
    seen = [pair for pair in sides if min(pair) >= box.CELL]  # the first ones
    return np.array(scales[: len(seen)]), arrange(seen)


def _in_calls(
    network: Callable[[Tensor], tuple[Tensor, ...]], inputs: Tensor, most: int
) -> tuple[np.ndarray, ...]:
    """The outputs of a network, of which a call gets at most some rows.

    On a CPU they do not depend on the number of rows of a call: oneDNN's convolutions, and products
    of four or more rows, sum in one order. Elsewhere calls are filled with rows of zeros.
    """
    rows = len(inputs)
    if inputs.device.type != "cpu":
        inputs = F.pad(inputs, (0,) * 7 + (-rows % most,))
    outputs = [network(part) for part in inputs.split(most)]
    return tuple(torch.cat(parts)[:rows].cpu().numpy() for parts in zip(*outputs, strict=True))


def _nothing() -> tuple[np.ndarray, ...]:
    """No proposals, see ``_scan``."""
    none = np.zeros(0, np.int64)
    return none, none, np.zeros((0, 4)), np.zeros(0, np.float32)
