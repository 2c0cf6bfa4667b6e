"""Pairs of near copies: images with similar perceptual hashes, verified on their thumbnails."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from fer3d.cleaning.near.correlation import best_correlation, detail_correlation
from fer3d.cleaning.near.hamming import near_pairs
from fer3d.files.perceptual import SMALL, resized

# Thresholds: docs/notes/near-copies.md
NEAR, FAR = 4, 8  # bits of 64
MIN_CORRELATION = 0.9  # of the small thumbnails, required beyond NEAR bits
MIN_DETAIL = 0.75  # correlation of the thumbnails' high frequencies, always required
MOST_PICTURES = 8  # different pictures with one hash that others are compared with

Thumbnails = Callable[[Sequence[int]], dict[int, np.ndarray]]
"""Thumbnails (S, S) uint8 by row, for the given rows."""


def copy_pairs(hashes: np.ndarray, thumbnails: Thumbnails) -> np.ndarray:
    """Pairs of near copies; their connected components are the groups.

    The hashes differ in at most ``NEAR`` bits, or in at most ``FAR`` bits and the small thumbnails
    correlate. In both cases the high frequencies of the thumbnails correlate too. Of equal hashes
    only the first image of each picture is compared with others, so that a million copies of one
    picture give a million pairs.

    Args:
        hashes: (N,) uint64, perceptual hashes.
        thumbnails: called once, for the rows with a similar hash.

    Returns:
        (P, 2) int64 rows, the smaller first, sorted.
    """
    distinct, kind, count = np.unique(hashes, return_inverse=True, return_counts=True)
    near, distance = near_pairs(distinct, FAR)
    similar = count > 1
    similar[near] = True
    rows = np.flatnonzero(similar[kind])
    shown = thumbnails(rows.tolist())
    pairs: list[tuple[int, int]] = []
    different: dict[int, list[int]] = defaultdict(list)  # first images of the pictures of a hash
    for row in rows.tolist():
        seen = different[kind[row]]
        like = next((one for one in seen if _are_copies(shown[one], shown[row], 0)), None)
        if like is not None:
            pairs.append((like, row))
        elif len(seen) < MOST_PICTURES:
            seen.append(row)
    for (one, other), bits in zip(near.tolist(), distance.tolist(), strict=True):
        for first, second in product(different[one], different[other]):
            if _are_copies(shown[first], shown[second], bits):
                pairs.append((min(first, second), max(first, second)))
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _are_copies(first: np.ndarray, second: np.ndarray, bits: int) -> bool:
    """Whether two thumbnails show the same picture; ``bits`` is the distance of the hashes."""
    if bits > NEAR and _small_correlation(first, second) < MIN_CORRELATION:
        return False
    side = min(len(first), len(second))
    return detail_correlation(resized(first, side), resized(second, side)) >= MIN_DETAIL


def _small_correlation(first: np.ndarray, second: np.ndarray) -> float:
    return best_correlation(resized(first, SMALL), resized(second, SMALL))
