"""Pairs of near copies: images with similar perceptual hashes, verified on their thumbnails."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from fer3d.cleaning.near.correlation import best_correlation, detail
from fer3d.cleaning.near.hamming import near_pairs

# Thresholds: docs/notes/near-copies.md
NEAR, FAR = 4, 8  # bits of 64
MIN_CORRELATION = 0.9  # of the thumbnails, required beyond NEAR bits
MIN_DETAIL = 0.6  # correlation of the thumbnails' high frequencies, always required
CACHED_DETAILS = 1 << 14  # 150 MB

Thumbnails = Callable[[Sequence[int]], dict[int, np.ndarray]]
"""Thumbnails (48, 48) uint8 by row, for the given rows."""


def copy_pairs(hashes: np.ndarray, thumbnails: Thumbnails) -> np.ndarray:
    """Pairs of near copies.

    The hashes differ in at most ``NEAR`` bits, or in at most ``FAR`` bits and the thumbnails
    correlate. In both cases the high frequencies of the thumbnails correlate too.

    Args:
        hashes: (N,) uint64, perceptual hashes.
        thumbnails: called once, for the rows with a similar hash.

    Returns:
        (P, 2) int64 rows, the smaller first, sorted.
    """
    pairs, distance = near_pairs(hashes, FAR)
    pictures = thumbnails(np.unique(pairs).tolist())
    details = lru_cache(CACHED_DETAILS)(lambda row: detail(pictures[row]))
    kept = [
        (bits <= NEAR or best_correlation(pictures[first], pictures[second]) >= MIN_CORRELATION)
        and best_correlation(details(first), details(second)) >= MIN_DETAIL
        for (first, second), bits in zip(pairs.tolist(), distance.tolist(), strict=True)
    ]
    return pairs[np.array(kept, dtype=bool)]
