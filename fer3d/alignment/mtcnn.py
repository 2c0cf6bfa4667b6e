"""MTCNN, batched: a cascade of three networks detects faces and five points.

Source: Zhang et al., IEEE SPL 2016. Pyramid, box arithmetic, order of suppression and thresholds
are those of the PyPI package `mtcnn` 1.0.0, whose results this detector reproduces.

The result of an image does not depend on its batch or on the number of threads: networks run in one
thread, on chunks whose shape depends only on the image's size, padded with zeros.
"""

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from fer3d.alignment import boxes as box
from fer3d.alignment import mtcnn_crops, mtcnn_networks, mtcnn_shrink
from fer3d.alignment.detector import Detections
from fer3d.machine.threads import reproducible_torch

# px. The package's origin is the centre of the first pixel, that of fer3d its corner. Measured:
# points of mirrored FER2013 images are half a pixel apart at any size.
PIXEL_CENTRE = 0.5

THRESHOLDS = (0.6, 0.7, 0.8)  # minimum face probability after each network, as in the package
MIN_FACE = 20  # px, as in the package

_SCALE_STEP = 0.709  # between levels of the pyramid, about half the area
_LEVEL_OVERLAP = 0.5  # threshold of suppression within a level
_OVERLAP = 0.7  # threshold of suppression after each network
_CHUNK_PIXELS = 1 << 14  # px of a level per call of the proposal network
_CHUNK_IMAGES = 16  # most images per call: a single image is padded less, batches cost the same
_REFINE_CHUNK = 16  # crops per call
_OUTPUT_CHUNK = 4


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
        packed = mtcnn_crops.pack(images).to(self.device)
        owner, found = self._propose(images)
        owner, found = self._refined(packed, owner, found)
        owner, found, points, scores = self._final(packed, owner, found)
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
        height, width = images.shape[1:3]
        scales = pyramid(height, width, self.min_face)
        columns = mtcnn_shrink.by_columns(images)
        levels = [self._scan(columns, scale) for scale in scales] or [_nothing()]
        owner, found, scores = (np.concatenate(part) for part in zip(*levels, strict=True))
        keep = box.suppress(found, scores, owner, _OVERLAP)
        return owner[keep], box.square(found[keep])

    def _scan(self, columns: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Proposals of one level: image (n,), corners (n, 4), face probability (n,)."""
        width, height = (int(side * scale) for side in columns.shape[1::2])
        if min(height, width) < box.CELL:
            return _nothing()
        small = torch.from_numpy(mtcnn_shrink.shrink(columns, height, width)).to(self.device)
        level = small.permute(0, 3, 1, 2)
        chunk = min(max(1, _CHUNK_PIXELS // (height * width)), _CHUNK_IMAGES)
        offsets, probability = _in_chunks(self._networks.proposal, level, chunk)
        where = torch.nonzero(probability > self.thresholds[0])
        owner, rows, columns = where.T
        scores = probability[owner, rows, columns].cpu().numpy()
        moves = offsets[owner, :, rows, columns].cpu().numpy()
        owner, rows, columns = where.T.cpu().numpy()
        found = box.from_cells(rows, columns, moves) / scale
        keep = box.suppress(found, scores, owner, _LEVEL_OVERLAP)
        return owner[keep], found[keep], scores[keep]

    def _refined(
        self, packed: Tensor, owner: np.ndarray, found: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Squares accepted by the second network: image (n,) and corners (n, 4)."""
        crops = self._crops(packed, owner, found, mtcnn_networks.REFINE_SIZE)
        offsets, scores = _judged(self._networks.refine, crops, _REFINE_CHUNK)
        passed = scores > self.thresholds[1]
        owner, scores = owner[passed], scores[passed]
        found = box.refine(found[passed], offsets[passed])
        keep = box.suppress(found, scores, owner, _OVERLAP)
        return owner[keep], box.square(found[keep])

    def _final(
        self, packed: Tensor, owner: np.ndarray, found: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Faces: image (n,), corners (n, 4), points (n, 5, 2), face probability (n,)."""
        crops = self._crops(packed, owner, found, mtcnn_networks.OUTPUT_SIZE)
        offsets, fractions, scores = _judged(self._networks.output, crops, _OUTPUT_CHUNK)
        passed = scores > self.thresholds[2]
        owner, found, scores = owner[passed], found[passed], scores[passed]
        points = box.points_in(found, fractions[passed])
        found = box.refine(found, offsets[passed])
        keep = box.suppress(found, scores, owner, _OVERLAP, method="min")
        return owner[keep], found[keep], points[keep], scores[keep]

    def _crops(self, packed: Tensor, owner: np.ndarray, found: np.ndarray, size: int) -> Tensor:
        owners = torch.from_numpy(owner).to(self.device)
        return mtcnn_crops.crop(packed, owners, torch.from_numpy(found).to(self.device), size)


def pyramid(height: int, width: int, min_face: int) -> list[float]:
    """Scales at which the proposal network scans an image, descending; empty if it is too small.

    As in the package, their number depends only on the image's size, not on ``min_face``.
    """
    octaves = math.log(min(height, width) / box.CELL) / -math.log(_SCALE_STEP)
    first = box.CELL / min_face
    return [first * _SCALE_STEP**level for level in range(round(octaves - 1))]


def _judged(network: nn.Module, crops: Tensor, chunk: int) -> tuple[np.ndarray, ...]:
    return tuple(part.cpu().numpy() for part in _in_chunks(network, crops, chunk))


def _in_chunks(network: nn.Module, inputs: Tensor, chunk: int) -> tuple[Tensor, ...]:
    """The outputs of a network, computed in chunks of exactly ``chunk`` rows, padded with zeros.

    The shape is constant because the order of summation in kernels depends on it.
    """
    rows = len(inputs)
    parts = [network(_filled(part, chunk)) for part in inputs.split(chunk)]
    return tuple(torch.cat(part)[:rows] for part in zip(*parts, strict=True))


def _filled(inputs: Tensor, rows: int) -> Tensor:
    """Inputs and rows of zeros, channels last in memory."""
    filler = inputs.new_zeros((rows - len(inputs), *inputs.shape[1:]))
    whole = torch.cat([inputs, filler]) if len(filler) else inputs
    return whole.contiguous(memory_format=torch.channels_last)


def _nothing() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0, np.float32)
