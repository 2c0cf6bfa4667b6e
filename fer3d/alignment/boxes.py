"""Arithmetic of face boxes: corners (x1, y1, x2, y2) in px of the image frame, float64.

The functions of MTCNN's cascade reproduce the arithmetic of the `mtcnn` package exactly, including
its "+ 1", because the networks were trained with it.
"""

from typing import Literal

import numpy as np

from fer3d.geometry.compiled import compiled

CELL = 12  # px, receptive field of a cell of the proposal network
STRIDE = 2  # px between cells


def from_cells(rows: np.ndarray, columns: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) of proposal cells: the receptive field of a cell, shifted by its offsets (n, 4).

    Pixels are counted from 1 and boxes include both ends, so a cell of 12 px has side 11.
    """
    corner = STRIDE * np.stack([columns, rows], axis=-1)
    seen = np.concatenate([corner + 1, corner + CELL], axis=-1)
    return seen + np.asarray(offsets, np.float64) * (CELL - 1)


def refine(boxes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) shifted by offsets (n, 4), which are relative to each box's size."""
    return boxes + np.asarray(offsets, np.float64) * np.tile(_pixel_size(boxes), 2)


def points_in(boxes: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Points (n, 5, 2) in the image frame from the fractions (n, 10) of the output network."""
    inside = np.asarray(fractions, np.float64).reshape(-1, 2, 5).swapaxes(1, 2)
    return inside * _pixel_size(boxes)[:, None] + boxes[:, None, :2] - 1


def square(boxes: np.ndarray) -> np.ndarray:
    """Squares (n, 4) with the same centres and the longer side of each box."""
    size = boxes[:, 2:] - boxes[:, :2]
    longest = size.max(axis=1, keepdims=True)
    corner = boxes[:, :2] + size * 0.5 - longest * 0.5
    return np.concatenate([corner, corner + longest], axis=1)


def overlap(
    first: np.ndarray, second: np.ndarray, method: Literal["union", "min"] = "union"
) -> np.ndarray:
    """Intersection of boxes (…, 4) over their union, or over the smaller box: (…,).

    Boxes without area have no overlap: 0.
    """
    corner = np.maximum(first[..., :2], second[..., :2])
    shared = np.prod(np.maximum(np.minimum(first[..., 2:], second[..., 2:]) - corner, 0), axis=-1)
    areas = _area(first), _area(second)
    whole = np.minimum(*areas) if method == "min" else areas[0] + areas[1] - shared
    return np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)


def suppress(
    boxes: np.ndarray,
    scores: np.ndarray,
    groups: np.ndarray,
    threshold: float,
    method: Literal["union", "min"] = "union",
) -> np.ndarray:
    """Non-maximum suppression within each group, all groups at once.

    A box is removed if any box of its group with a higher score overlaps it by more than
    ``threshold``, even if that box is removed too. This is the rule of the `mtcnn` package, not the
    greedy one.

    Args:
        boxes: (n, 4).
        scores: (n,); boxes with equal scores keep their order.
        groups: (n,) integers, the group of each box.
        threshold: overlap, 0 to 1.
        method: as in ``overlap``.

    Returns:
        Indices of the remaining boxes, by group, then by descending score: (k,) int64.
    """
    order = np.lexsort((-scores, groups))
    stays = np.ones(len(order), np.bool_)
    _strike_out(boxes[order], groups[order], threshold, method == "min", stays)
    return order[stays]


@compiled
def _strike_out(
    boxes: np.ndarray, groups: np.ndarray, threshold: float, smaller: bool, stays: np.ndarray
) -> None:
    """``suppress`` for boxes by group, then by descending score; ``smaller``: method ``min``."""
    for high in range(len(boxes)):
        left, top, right, bottom = boxes[high]
        area = (right - left) * (bottom - top)
        low = high + 1
        while low < len(boxes) and groups[low] == groups[high]:
            x1, y1, x2, y2 = boxes[low]
            across = max(min(right, x2) - max(left, x1), 0.0)
            shared = across * max(min(bottom, y2) - max(top, y1), 0.0)
            other = (x2 - x1) * (y2 - y1)
            whole = min(area, other) if smaller else area + other - shared
            if whole > 0 and shared / whole > threshold:
                stays[low] = False
            low += 1


def _area(boxes: np.ndarray) -> np.ndarray:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _pixel_size(boxes: np.ndarray) -> np.ndarray:
    """Width and height (n, 2) counted in pixels, both ends included."""
    return boxes[:, 2:] - boxes[:, :2] + 1
