"""All pairs of 64-bit hashes within a small Hamming distance, without comparing all with all.

A hash is cut into blocks. Two hashes within ``radius`` differ by at most ``radius // blocks`` in
one of the blocks, so each hash is only compared with those whose block is equal to its own but
for so few bits. Those are found in a table with an entry for each value of the block. Source:
Norouzi, Punjani and Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing", 2014.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

BLOCKS = (22, 21, 21)  # bits of each block; a table of 4 million entries for a block of 22
MOST_CANDIDATES = 1 << 22  # compared at once, which bounds memory to about 200 MB


def distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Bits in which hashes differ: two (N,) uint64 to (N,) uint8, 0 .. 64."""
    return np.bitwise_count(first ^ second)


def near_pairs(hashes: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of hashes that differ in at most ``radius`` bits.

    Equal hashes are one node: each is paired with the first of its kind alone, and near hashes by
    the first of each kind. The pairs join what all pairs would join, and a million copies of one
    picture make a million pairs.

    Args:
        hashes: (N,) uint64.
        radius: 0 .. 64; time grows steeply beyond 8.

    Returns:
        pairs: (P, 2) int64, rows of ``hashes``, the smaller first, sorted.
        distance: (P,) uint8, bits in which they differ.
    """
    distinct, first, kind = np.unique(hashes, return_index=True, return_inverse=True)
    later = np.flatnonzero(first[kind] != np.arange(len(hashes)))
    equal = np.column_stack([first[kind[later]], later])
    near = first[_distinct_pairs(distinct, radius)]
    pairs = np.sort(np.concatenate([equal, near]), axis=1)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return pairs, distances(hashes[pairs[:, 0]], hashes[pairs[:, 1]])


def _distinct_pairs(hashes: np.ndarray, radius: int) -> np.ndarray:
    """(P, 2) int64 of distinct hashes within the radius, each pair once."""
    found = [np.empty((0, 2), np.int64)]
    for shift, bits in zip(np.cumsum((0, *BLOCKS[:-1])), BLOCKS, strict=True):
        block = (hashes >> np.uint64(shift)).astype(np.int64) & ((1 << bits) - 1)
        order = np.argsort(block, kind="stable")  # what is compared lies together in memory
        for pairs in _pairs_by_block(hashes[order], block[order], bits, radius):
            found.append(order[pairs])
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def _pairs_by_block(
    hashes: np.ndarray, block: np.ndarray, bits: int, radius: int
) -> Iterator[np.ndarray]:
    """Pairs (P, 2) of rows within the radius, sorted by a block in which they are nearly equal."""
    starts = np.zeros((1 << bits) + 1, np.int32)
    np.cumsum(np.bincount(block, minlength=1 << bits), out=starts[1:])
    rows = np.arange(len(block), dtype=np.int32)
    for mask in _masks(bits, radius // len(BLOCKS)):
        others = block ^ mask
        # of two rows only the first looks for the second: whose block is larger, or which is later
        first = np.maximum(starts[others], rows + 1)
        counts = np.maximum(starts[others + 1] - first, 0)
        for part in _shares(counts):
            repeated = np.repeat(rows[part], counts[part])
            ends = np.cumsum(counts[part])
            offset = np.repeat(first[part] - (ends - counts[part]), counts[part])
            found = np.arange(len(repeated)) + offset
            near = distances(hashes[repeated], hashes[found]) <= radius
            yield np.column_stack([repeated[near], found[near]])


def _masks(bits: int, radius: int) -> Iterator[int]:
    """Numbers of ``bits`` bits of which at most ``radius`` are set."""
    for count in range(radius + 1):
        for chosen in combinations(range(bits), count):
            yield sum(1 << bit for bit in chosen)


def _shares(counts: np.ndarray) -> Iterator[slice]:
    """Consecutive rows with at most ``MOST_CANDIDATES`` candidates together, one row at least."""
    total = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, before + MOST_CANDIDATES, "right")))
        yield slice(start, stop)
        start = stop
