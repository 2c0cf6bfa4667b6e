"""The compiled loops of ``shape_predictor``."""

import math

import numpy as np

from fer3d.geometry.compiled import compiled

BYTE = 8  # bits
NEGATIVE = 0x80  # flag in the byte before an integer; the other bits are its number of bytes
MANTISSA, EXPONENT = 3, 1  # bytes of most floats
USUAL = MANTISSA + EXPONENT + 2  # bytes of such a float, and of its signs
POWERS = 2.0 ** np.append(np.arange(256), np.arange(-255, 0))  # by exponents, also below 0


@compiled
def read_integers(data: np.ndarray, start: int, count: int) -> tuple[np.ndarray, int]:
    """Integers of a dlib file: each is a sign, its number of bytes, and these, lowest first.

    Args:
        data: (B,) uint8, the file.
        start: position of the first integer.
        count: number of integers.

    Returns:
        (count,) int64, and the position after the last one; beyond the end if the file ends before.
    """
    values = np.empty(count, np.int64)
    for n in range(count):
        values[n], start = _integer(data, start)
    return values, start


@compiled
def read_floats(data: np.ndarray, start: int, count: int) -> tuple[np.ndarray, int]:
    """Floats of a dlib file: each is two integers, mantissa and exponent.

    Arguments as for ``read_integers``.

    Returns:
        (count,) float32, and the position after the last one, see ``read_integers``.
    """
    values = np.empty(count, np.float32)
    for n in range(count):
        values[n], start = _float(data, start)
    return values, start


@compiled
def read_trees(
    data: np.ndarray, start: int, pairs: np.ndarray, thresholds: np.ndarray, leaves: np.ndarray
) -> int:
    """Read trees of a dlib file, each with the sizes of its parts, into arrays.

    Args:
        data: (B,) uint8, the file.
        start: position of the first tree.
        pairs, thresholds, leaves: see ``add_trees``; filled.

    Returns:
        The position after the last tree, beyond the end if the file ends before; -1 if the trees
        have other sizes.
    """
    trees, splits, _ = pairs.shape
    for t in range(trees):
        count, start = _integer(data, start)
        if count != splits:
            return -1
        for s in range(splits):
            pairs[t, s, 0], start = _integer(data, start)
            pairs[t, s, 1], start = _integer(data, start)
            thresholds[t, s], start = _float(data, start)
        count, start = _integer(data, start)
        if count != splits + 1:
            return -1
        for leaf in leaves[t]:
            rows, start = _integer(data, start)
            columns, start = _integer(data, start)
            if rows != -len(leaf) or columns != -1:
                return -1
            for p in range(len(leaf)):
                leaf[p], start = _float(data, start)
    return start


@compiled
def _integer(data: np.ndarray, start: int) -> tuple[int, int]:
    """An integer and the position after it; 0 at the end of the file."""
    if start >= len(data):
        return 0, len(data) + 1
    size = int(data[start]) & ~NEGATIVE
    after = start + 1 + size
    if after > len(data):
        return 0, len(data) + 1
    value = 0
    for byte in range(size):
        value |= int(data[start + 1 + byte]) << (BYTE * byte)
    return (-value if data[start] & NEGATIVE else value), after


@compiled
def _float(data: np.ndarray, start: int) -> tuple[np.float32, int]:
    """A float and the position after it.

    Nearly all floats have three bytes of mantissa and one of exponent. For these no size is read
    before the next number can be, so that the processor works on several at a time.
    """
    if start + USUAL <= len(data):
        sign, more = data[start] ^ MANTISSA, data[start + 1 + MANTISSA] ^ EXPONENT
        if sign & ~NEGATIVE == 0 and more & ~NEGATIVE == 0:
            # int() of a byte would be unsigned, and so would be its negative
            value = np.int64(data[start + 1]) | np.int64(data[start + 2]) << BYTE
            value |= np.int64(data[start + 3]) << (2 * BYTE)
            power = np.int64(data[start + 2 + MANTISSA])
            factor = POWERS[-power if more else power]
            return np.float32((-value if sign else value) * factor), start + USUAL
    mantissa, start = _integer(data, start)
    exponent, start = _integer(data, start)
    return np.float32(math.ldexp(np.float64(np.float32(mantissa)), exponent)), start


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
    reached = np.empty((len(leaves), len(shapes)), np.int64)
    for t in range(len(leaves)):
        for n in range(len(shapes)):
            node = 0
            while node < splits:
                first, second = features[n, pairs[t, node, 0]], features[n, pairs[t, node, 1]]
                node = 2 * node + (1 if first - second > thresholds[t, node] else 2)
            reached[t, n] = node - splits
    for t in range(len(leaves)):  # apart, so that the processor fetches several leaves at a time
        for n in range(len(shapes)):
            leaf = leaves[t, reached[t, n]]
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
