"""Texture masks of the reference face: lips, brows, creases, stubble.

A mask is an image in the (x, y) coordinates of the reference face, so that it moves with the skin
under every identity and expression.
"""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from fer3d.synthetic import anatomy

X_RANGE, Y_RANGE = (-8.2, 8.2), (-9.9, 8.8)  # cm, face frame of the reference face
TEXELS_PER_CM = 16.0
SHAPE = (
    round((Y_RANGE[1] - Y_RANGE[0]) * TEXELS_PER_CM),
    round((X_RANGE[1] - X_RANGE[0]) * TEXELS_PER_CM),
)
_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates


def texels(points: np.ndarray) -> np.ndarray:
    """Texture coordinates (column, row) of points of the reference face.

    Args:
        points: (…, 2 or more) cm, face frame; x and y are used.

    Returns:
        (…, 2) float, texels; pixel centres at integers, as in ``cv2.remap``.
    """
    column = (points[..., 0] - X_RANGE[0]) * TEXELS_PER_CM - 0.5
    row = (Y_RANGE[1] - points[..., 1]) * TEXELS_PER_CM - 0.5
    return np.stack([column, row], axis=-1)


def texel_grid() -> tuple[np.ndarray, np.ndarray]:
    """x and y of every texel's centre, cm: two float32 arrays of ``SHAPE``."""
    x = X_RANGE[0] + (np.arange(SHAPE[1], dtype=np.float32) + 0.5) / TEXELS_PER_CM
    y = Y_RANGE[1] - (np.arange(SHAPE[0], dtype=np.float32) + 0.5) / TEXELS_PER_CM
    return np.meshgrid(x, y)


def polygon(points: np.ndarray, blur: float) -> np.ndarray:
    """A filled polygon, its edge softened by ``blur`` cm: ``SHAPE`` float32 in 0..1."""
    mask = np.zeros(SHAPE, np.uint8)
    cv2.fillPoly(mask, [_fixed(points)], 255, cv2.LINE_AA, _SHIFT)
    return _soften(mask, blur)


def line(points: np.ndarray, width: float, blur: float) -> np.ndarray:
    """A polyline ``width`` cm wide: ``SHAPE`` float32 in 0..1."""
    mask = np.zeros(SHAPE, np.uint8)
    thickness = max(1, round(width * TEXELS_PER_CM))
    cv2.polylines(mask, [_fixed(points)], False, 255, thickness, cv2.LINE_AA, _SHIFT)
    return _soften(mask, blur)


def blob(x: float, y: float, half_width: float, half_height: float) -> np.ndarray:
    """A Gaussian spot on the subject's left and its mirror image on the right."""
    grid_x, grid_y = texel_grid()
    along = (np.abs(grid_x) - x) / half_width
    spot = np.exp(-(along**2 + ((grid_y - y) / half_height) ** 2))
    return np.where(spot > 0.01, spot, 0.0).astype(np.float32)


def both(mask: np.ndarray) -> np.ndarray:
    """A mask of the subject's left, mirrored to both sides (the grid is symmetric in x)."""
    return np.maximum(mask, mask[:, ::-1])


@lru_cache(maxsize=2)
def skin_masks(reference: bytes) -> dict[str, np.ndarray]:
    """The masks that do not depend on the person, by name.

    Args:
        reference: the bytes of the (468, 3) float64 reference face.

    Returns:
        ``SHAPE`` float32 arrays in 0..1.
    """
    face = np.frombuffer(reference).reshape(-1, 3)
    return {**_features(face), **_wrinkles(), **_regions()}


def brows(thickness: float, arch: float, reference: np.ndarray) -> np.ndarray:
    """Both brows.

    Args:
        thickness: of the inner end, relative to the height of the brow ring.
        arch: cm by which the outer third is raised.
        reference: (468, 3) cm.
    """
    upper = _along(reference[list(anatomy.LEFT_BROW_UPPER)], 12)
    lower = _along(reference[list(anatomy.LEFT_BROW_LOWER)], 12)
    t = np.linspace(0.0, 1.0, 12)[:, None]
    middle = 0.5 * (upper + lower) + np.array([0.0, 1.0]) * arch * np.exp(
        -(((t - 0.65) / 0.25) ** 2)
    )
    half = 0.5 * thickness * (upper - lower) * (1.0 - 0.65 * t**2)
    return both(polygon(np.concatenate([middle + half, (middle - half)[::-1]]), 0.1))


def _features(face: np.ndarray) -> dict[str, np.ndarray]:
    def ring(*rows: Sequence[int]) -> np.ndarray:
        first, second = rows
        return face[[*first, *second[::-1]], :2]

    upper_lip = polygon(ring(anatomy.LIPS_OUTER_UPPER, anatomy.LIPS_INNER_UPPER), 0.07)
    lower_lip = polygon(ring(anatomy.LIPS_OUTER_LOWER, anatomy.LIPS_INNER_LOWER), 0.07)
    seams = [face[list(row), :2] for row in (anatomy.LIPS_INNER_UPPER, anatomy.LIPS_INNER_LOWER)]
    crease = face[list(anatomy.LEFT_LID_FOLD[1:8]), :2] + np.array([0.0, 0.12])
    return {
        "lips": np.maximum(upper_lip, lower_lip),
        "upper_lip": upper_lip,
        "lip_seam": np.maximum(line(seams[0], 0.1, 0.05), line(seams[1], 0.06, 0.05)),
        "nostrils": np.minimum(1.0, blob(0.82, -1.72, 0.34, 0.2) * 1.3),
        "upper_lashes": both(line(face[list(anatomy.LEFT_EYE_UPPER), :2], 0.22, 0.04)),
        "lower_lashes": both(line(face[list(anatomy.LEFT_EYE_LOWER), :2], 0.08, 0.05)),
        "lid_crease": both(line(crease, 0.08, 0.06)),
    }


def _wrinkles() -> dict[str, np.ndarray]:
    def path(*points: tuple[float, float], width: float = 0.12, blur: float = 0.1) -> np.ndarray:
        return both(line(np.array(points), width, blur))

    return {
        "nasolabial": path((1.9, -0.5), (2.6, -1.6), (3.2, -3.0), (3.5, -4.3), width=0.16),
        "marionette": path((2.7, -4.6), (3.1, -5.6), (3.2, -6.4), width=0.16),
        "furrow": path((0.45, 5.4), (0.5, 4.6), (0.42, 3.7), width=0.16),
        "forehead": np.maximum.reduce(
            [path((0.0, y), (2.0, y + 0.15), (4.6, y - 0.2), width=0.1) for y in (6.0, 6.7, 7.4)]
        ),
        "nose": np.maximum.reduce(
            [path((0.2, y), (0.9, y + 0.2), (1.5, y - 0.15), width=0.12) for y in (2.2, 2.8, 3.4)]
        ),
        "crows_feet": np.maximum.reduce(
            [path((5.0, 2.5), (6.1, 2.5 + d), width=0.08) for d in (-0.7, 0.0, 0.6)]
        ),
        "chin": blob(0.0, -6.3, 1.6, 0.22),
        "eye_bag": path((2.0, 1.9), (3.2, 1.5), (4.5, 1.9), width=0.12),
    }


def _regions() -> dict[str, np.ndarray]:
    x, y = texel_grid()
    beard = 1.0 / (1.0 + np.exp((y + 3.2 - 0.14 * x**2) / 0.5))
    around_mouth = np.exp(-((x / 2.7) ** 4) - ((y + 4.35) / 1.05) ** 4)
    moustache = np.exp(-((x / 2.2) ** 4) - ((y + 2.75) / 0.5) ** 2)
    return {
        "socket": blob(2.9, 2.7, 1.9, 1.0),
        "inner_socket": blob(1.6, 2.9, 0.7, 0.9),
        "blush": blob(4.3, -0.9, 1.6, 1.4),
        "nose_tip": blob(0.0, -0.4, 1.1, 0.9),
        "beard": (beard * (1.0 - around_mouth)).astype(np.float32),
        "moustache": moustache.astype(np.float32),
    }


def _along(points: np.ndarray, count: int) -> np.ndarray:
    """Points along a polyline, equidistant in its index: (count, 2)."""
    at, knots = np.linspace(0.0, len(points) - 1.0, count), np.arange(len(points))
    return np.stack([np.interp(at, knots, points[:, i]) for i in range(2)], axis=1)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(texels(points) * 2**_SHIFT).astype(np.int32)


def _soften(mask: np.ndarray, blur: float) -> np.ndarray:
    values = mask.astype(np.float32) / 255.0
    return cv2.GaussianBlur(values, (0, 0), max(blur * TEXELS_PER_CM, 0.3))
