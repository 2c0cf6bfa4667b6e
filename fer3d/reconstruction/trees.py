"""The compiled loops of ``shape_predictor``."""

import math

import numpy as np

from fer3d.geometry.compiled import compiled

BYTE = 8  # bits
NEGATIVE = 0x80  # flag in the byte before an integer; the other bits are its number of bytes


@compiled
def read_integers(data: np.ndarray, start: int, count: int) -> tuple[np.ndarray, int]:
    """Integers of a dlib file: each is a sign, its number of bytes, and these, lowest first.

    Args:
        data: (B,) uint8, the file.
        start: position of the first integer.
        count: number of integers.

    Returns:
        (count,) int64, fewer if the file ends before, and the position after the last one.
    """
    values = np.empty(count, np.int64)
    for n in range(count):
        if start >= len(data):
            return values[:n], start
        size = int(data[start]) & ~NEGATIVE
        if start + size >= len(data):
            return values[:n], start
        value = 0
        for byte in range(size):
            value |= int(data[start + 1 + byte]) << (BYTE * byte)
        values[n] = -value if data[start] & NEGATIVE else value
        start += 1 + size
    return values, start


@compiled
def sample_features(
    images: np.ndarray,
    box: tuple[int, int, int, int],
    shapes: np.ndarray,
    mean: np.ndarray,
    anchors: np.ndarray,
    offsets: np.ndarray,
) -> np.ndarray:
    """(N, F) float32: grey values at places that move with the shapes, 0 outside of the image.

    Args:
        images: (N, H, W) uint8.
        box: left, top, right, bottom of all faces, px.
        shapes: (N, P, 2) float32, in sides of the box.
        mean: (P, 2) float32, the mean shape.
        anchors: (F,) int64, the point nearest to each place.
        offsets: (F, 2) float32, from there to the place, on the mean shape.
    """
    count, height, width = images.shape
    left, top, right, bottom = box
    values = np.zeros((count, len(anchors)), np.float32)
    for n in range(count):
        xx, xy, yx, yy = _turn(mean, shapes[n])
        for f in range(len(anchors)):
            u = xx * offsets[f, 0] + xy * offsets[f, 1] + shapes[n, anchors[f], 0]
            v = yx * offsets[f, 0] + yy * offsets[f, 1] + shapes[n, anchors[f], 1]
            x = math.floor(np.float64(u) * (right - left) + left + 0.5)
            y = math.floor(np.float64(v) * (bottom - top) + top + 0.5)
            if 0 <= x < width and 0 <= y < height:
                values[n, f] = images[n, y, x]
    return values


@compiled
def add_trees(
    shapes: np.ndarray,
    features: np.ndarray,
    pairs: np.ndarray,
    thresholds: np.ndarray,
    leaves: np.ndarray,
) -> None:
    """Add the answers of trees to shapes, tree by tree, so that a tree is read once for all faces.

    Args:
        shapes: (N, 2 P) float32, changed.
        features: (N, F) float32.
        pairs: (T, S, 2) int64, the features whose difference each split compares.
        thresholds: (T, S) float32; the children of split s are 2 s + 1, if it is exceeded, and
            2 s + 2; those from S on are leaves.
        leaves: (T, S + 1, 2 P) float32.
    """
    splits = thresholds.shape[1]
    for t in range(len(leaves)):
        for n in range(len(shapes)):
            node = 0
            while node < splits:
                first, second = features[n, pairs[t, node, 0]], features[n, pairs[t, node, 1]]
                node = 2 * node + (1 if first - second > thresholds[t, node] else 2)
            leaf = leaves[t, node - splits]
            for p in range(len(leaf)):
                shapes[n, p] += leaf[p]


@compiled
def _turn(
    source: np.ndarray, target: np.ndarray
) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """The matrix of the least squares similarity of the plane between points (P, 2)."""
    count = len(source)
    ax = ay = bx = by = 0.0
    for p in range(count):
        ax, ay = ax + source[p, 0], ay + source[p, 1]
        bx, by = bx + target[p, 0], by + target[p, 1]
    ax, ay, bx, by = ax / count, ay / count, bx / count, by / count
    along = across = size = 0.0
    for p in range(count):
        x, y = source[p, 0] - ax, source[p, 1] - ay
        u, v = target[p, 0] - bx, target[p, 1] - by
        along += x * u + y * v
        across += x * v - y * u
        size += x * x + y * y
    cosine, sine = np.float32(along / size), np.float32(across / size)
    return cosine, -sine, sine, cosine
