"""Pairs of 64-bit hashes within a small Hamming distance, without comparing all pairs.

Each hash is divided into blocks. Two hashes within ``radius`` differ in at most
``radius // blocks`` bits of one of the blocks, so each hash is only compared with those that differ
in so few bits of a block. A table with an entry for each value of the block finds them. Source:
Norouzi, Punjani and Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing", 2014.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

BLOCKS = (22, 21, 21)  # bits of each block; 22 bits need a table of 4 million entries
MOST_CANDIDATES = 1 << 22  # compared at once; bounds the memory to about 200 MB


def distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Hamming distances: two (N,) uint64 to (N,) uint8, 0 .. 64."""
    return np.bitwise_count(first ^ second)


def near_pairs(hashes: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of hashes that differ in at most ``radius`` bits.

    Args:
        hashes: (N,) uint64, all different: a million equal ones would make the square of it pairs.
        radius: 0 .. 64; time grows steeply beyond 8.

    Returns:
        pairs: (P, 2) int64, rows of ``hashes``, the smaller first, sorted.
        distance: (P,) uint8, bits in which they differ.
    """
    found = [np.empty((0, 2), np.int64)]
    for shift, bits in zip(np.cumsum((0, *BLOCKS[:-1])), BLOCKS, strict=True):
        block = (hashes >> np.uint64(shift)).astype(np.int64) & ((1 << bits) - 1)
        order = np.argsort(block, kind="stable")  # compared hashes are adjacent in memory
        for pairs in _pairs_by_block(hashes[order], block[order], bits, radius):
            found.append(order[pairs])
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    return pairs, distances(hashes[pairs[:, 0]], hashes[pairs[:, 1]])


def _pairs_by_block(
    hashes: np.ndarray, block: np.ndarray, bits: int, radius: int
) -> Iterator[np.ndarray]:
    """Pairs (P, 2) of rows within the radius that nearly agree in a block; rows sorted by block."""
    starts = np.zeros((1 << bits) + 1, np.int32)
    np.cumsum(np.bincount(block, minlength=1 << bits), out=starts[1:])
    rows = np.arange(len(block), dtype=np.int32)
    for mask in _masks(bits, radius // len(BLOCKS)):
        others = block ^ mask
        # each pair once: the second row has a larger block, or the same block and a larger number
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
    """Numbers of ``bits`` bits with at most ``radius`` bits set."""
    for count in range(radius + 1):
        for chosen in combinations(range(bits), count):
            yield sum(1 << bit for bit in chosen)


def _shares(counts: np.ndarray) -> Iterator[slice]:
    """Consecutive rows with at most ``MOST_CANDIDATES`` candidates in total, at least one row."""
    total = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, before + MOST_CANDIDATES, "right")))
        yield slice(start, stop)
        start = stop
