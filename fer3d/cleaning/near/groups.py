"""Which photos are near copies of each other: pairs of hashes, checked, joined to groups."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fer3d.cleaning.near.correlation import best_correlation, detail
from fer3d.cleaning.near.pairs import near_pairs

# Chosen on FER2013 by looking at pairs, and on rendered portraits, which hold no near copies:
# docs/notes/near-copies.md
NEAR, FAR = 4, 8  # bits of 64
MIN_CORRELATION = 0.9  # of thumbnails, for what is further apart than NEAR
MIN_DETAIL = 0.6  # correlation of the thumbnails' detail

Thumbnails = Callable[[Sequence[int]], dict[int, np.ndarray]]
"""Rows to their thumbnails (48, 48) uint8."""


def copy_pairs(hashes: np.ndarray, thumbnails: Thumbnails) -> np.ndarray:
    """Pairs of near copies.

    Hashes that differ in up to 4 bits, or in 5 to 8 where the thumbnails correlate; in both cases
    the detail of the thumbnails correlates, too.

    Args:
        hashes: (N,) uint64.
        thumbnails: asked once, for the rows that must be looked at.

    Returns:
        (P, 2) int64 rows, the smaller first, sorted.
    """
    pairs, distance = near_pairs(hashes, FAR)
    pictures = thumbnails(np.unique(pairs).tolist())
    kept = [
        _is_copy(pictures[first], pictures[second], bits)
        for (first, second), bits in zip(pairs.tolist(), distance.tolist(), strict=True)
    ]
    return pairs[np.array(kept, dtype=bool)]


def _is_copy(first: np.ndarray, second: np.ndarray, bits: int) -> bool:
    alike = bits <= NEAR or best_correlation(first, second) >= MIN_CORRELATION
    return alike and best_correlation(detail(first), detail(second)) >= MIN_DETAIL


def group_numbers(pairs: np.ndarray, count: int) -> np.ndarray:
    """Groups of rows that pairs join, directly or by others.

    Args:
        pairs: (P, 2) int64 rows.
        count: of rows, N.

    Returns:
        (N,) int64: the first row of each row's group; a row without a copy is a group of its own.
    """
    edges = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(count, count))
    labels = connected_components(edges, directed=False)[1]
    _, first = np.unique(labels, return_index=True)
    return first[labels]
