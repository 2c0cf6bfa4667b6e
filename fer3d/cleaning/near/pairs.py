"""Pairs of near copies: images with similar perceptual hashes, verified on their thumbnails."""

from collections.abc import Callable, Sequence

import numpy as np

from fer3d.cleaning.near.correlation import best_correlation, detail_correlation
from fer3d.cleaning.near.hamming import near_pairs
from fer3d.files.perceptual import SMALL, resized

# Thresholds: docs/notes/near-copies.md
NEAR, FAR = 4, 8  # bits of 64
MIN_CORRELATION = 0.9  # of the small thumbnails, required beyond NEAR bits
MIN_DETAIL = 0.75  # correlation of the thumbnails' high frequencies, always required

Thumbnails = Callable[[Sequence[int]], dict[int, np.ndarray]]
"""Thumbnails (S, S) uint8 by row, for the given rows."""


def copy_pairs(hashes: np.ndarray, thumbnails: Thumbnails) -> np.ndarray:
    """Pairs of near copies.

    The hashes differ in at most ``NEAR`` bits, or in at most ``FAR`` bits and the small thumbnails
    correlate. In both cases the high frequencies of the thumbnails correlate too.

    Args:
        hashes: (N,) uint64, perceptual hashes.
        thumbnails: called once, for the rows with a similar hash.

    Returns:
        (P, 2) int64 rows, the smaller first, sorted.
    """
    pairs, distance = near_pairs(hashes, FAR)
    pictures = thumbnails(np.unique(pairs).tolist())
    kept = [
        _are_copies(pictures[first], pictures[second], bits)
        for (first, second), bits in zip(pairs.tolist(), distance.tolist(), strict=True)
    ]
    return pairs[np.array(kept, dtype=bool)]


def _are_copies(first: np.ndarray, second: np.ndarray, bits: int) -> bool:
    """Whether two thumbnails show the same picture; ``bits`` is the distance of the hashes."""
    if bits > NEAR and _small_correlation(first, second) < MIN_CORRELATION:
        return False
    side = min(len(first), len(second))
    return detail_correlation(resized(first, side), resized(second, side)) >= MIN_DETAIL


def _small_correlation(first: np.ndarray, second: np.ndarray) -> float:
    return best_correlation(resized(first, SMALL), resized(second, SMALL))
