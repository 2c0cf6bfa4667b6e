"""Levels of MTCNN's pyramid: images shrunk by area averages, compiled.

Equals OpenCV's ``INTER_AREA`` of float32 images, and so ``tf.image.resize(method=AREA)``, which the
`mtcnn` package uses. Images are stored by columns, so that the sums along a row are computed for
all rows at once.
"""

import math

import cv2
import numpy as np

from fer3d.alignment.mtcnn_canvas import Canvas
from fer3d.alignment.mtcnn_crops import MIDDLE, SPREAD
from fer3d.geometry.compiled import compiled

BLOCK = 16  # columns of a level that are computed together: their values fit the cache
LEAST_SHARE = 1e-3  # px; OpenCV leaves out smaller parts of a pixel


def by_columns(images: np.ndarray) -> np.ndarray:
    """Images (N, H, W, 3) stored by columns: (N, W, 3, H)."""
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1))


def draw_levels(columns: np.ndarray, canvas: Canvas) -> np.ndarray:
    """The levels of images on canvases (N, H, W, 3) float32, see ``shrink``; zero beside them."""
    drawn = np.zeros((len(columns), canvas.height, canvas.width, 3), np.float32)
    for top, left, height, width in canvas.places.tolist():
        drawn[:, top : top + height, left : left + width] = shrink(columns, height, width)
    return drawn


def shrink(columns: np.ndarray, height: int, width: int) -> np.ndarray:
    """Shrink images and normalize them: (N, height, width, 3) float32, see ``normalize``.

    Args:
        columns: (N, W, 3, H) uint8, see ``by_columns``.
        height, width: at most H and W.
    """
    level = np.empty((len(columns), height, width, 3), np.float32)
    if columns.shape[3] % height or columns.shape[1] % width:
        _fill_level(columns, level)
        return level
    for image, target in zip(columns.transpose(0, 3, 1, 2), level, strict=True):
        whole = np.ascontiguousarray(image, np.float32)
        cv2.resize(whole, (width, height), target, interpolation=cv2.INTER_AREA)
    return (level - MIDDLE) / SPREAD


@compiled
def _fill_level(columns: np.ndarray, level: np.ndarray) -> None:
    """``shrink`` to sides of which not both divide those of the images, as OpenCV does it."""
    count, width, _, height = columns.shape
    across, down = _shares(width, level.shape[2]), _shares(height, level.shape[1])
    rows = level.reshape(count, level.shape[1], -1)
    sums = np.empty((BLOCK, 3, height), np.float32)
    turned = np.empty((height, BLOCK * 3), np.float32)
    for n in range(count):
        for left in range(0, level.shape[2], BLOCK):
            size = min(BLOCK, level.shape[2] - left)
            for x in range(size):
                for c in range(3):
                    _write_sums(columns[n, :, c], across, left + x, sums[x, c])
            turned[:, : 3 * size] = sums[:size].reshape(3 * size, height).T
            for y in range(level.shape[1]):
                row = rows[n, y, 3 * left : 3 * (left + size)]
                _write_sums(turned, down, y, row)
                for k in range(len(row)):
                    row[k] = (row[k] - MIDDLE) / SPREAD


@compiled
def _shares(source: int, target: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Along one axis: the pixels that each pixel of the level averages.

    Returns:
        start (target + 1,) int64 of each pixel of the level in the other two: place (k,) int64 in
        the image and share (k,) float32.
    """
    scale = 1 / (target / source)
    most = source + 2 * target
    start, place = np.zeros(target + 1, np.int64), np.empty(most, np.int64)
    share, k = np.empty(most, np.float32), 0
    for x in range(target):
        low, high = x * scale, x * scale + scale
        size, last = min(scale, source - low), min(math.floor(high), source - 1)
        first = min(math.ceil(low), last)
        if first - low > LEAST_SHARE:
            place[k], share[k], k = first - 1, (first - low) / size, k + 1
        for whole in range(first, last):
            place[k], share[k], k = whole, 1 / size, k + 1
        if high - last > LEAST_SHARE:
            place[k], share[k], k = last, min(high - last, 1.0, size) / size, k + 1
        start[x + 1] = k
    return start, place[:k], share[:k]


@compiled
def _write_sums(
    lines: np.ndarray,
    shares: tuple[np.ndarray, np.ndarray, np.ndarray],
    index: int,
    sums: np.ndarray,
) -> None:
    """Weighted sums of the lines (n, K) that one pixel of the level averages: (K,) float32."""
    start, place, share = shares
    begin = start[index]
    line, weight = lines[place[begin]], share[begin]
    for k in range(len(sums)):
        sums[k] = np.float32(line[k]) * weight
    for i in range(begin + 1, start[index + 1]):
        line, weight = lines[place[i]], share[i]
        for k in range(len(sums)):
            sums[k] += np.float32(line[k]) * weight
