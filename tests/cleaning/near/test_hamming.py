import numpy as np
import pytest

from fer3d.cleaning.near import hamming
from fer3d.cleaning.near.hamming import distances, near_pairs


def planted(seed: int = 0) -> np.ndarray:
    """Random hashes, and copies of some with up to eleven bits turned."""
    random = np.random.default_rng(seed)
    hashes = random.integers(0, 2**64, 1000, dtype=np.uint64)
    copies = [hashes]
    for bits in range(12):
        turned = hashes[:60].copy()
        for row in range(60):
            for bit in random.choice(64, bits, replace=False):
                turned[row] ^= np.uint64(1) << np.uint64(bit)
        copies.append(turned)
    return np.concatenate(copies)


@pytest.mark.parametrize("radius", [0, 2, 4, 8])
def test_pairs_are_those_of_comparing_all_with_all(radius):
    hashes = np.unique(planted())
    pairs, distance = near_pairs(hashes, radius)
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None])
    every = np.argwhere(np.triu(apart <= radius, 1))
    assert (len(every) > 0) == (radius > 0)
    assert (pairs == every).all()
    assert (distance == apart[tuple(every.T)]).all()


def test_small_shares_of_work_give_the_same_pairs(monkeypatch):
    hashes = np.unique(planted(1))
    whole = near_pairs(hashes, 8)[0]
    monkeypatch.setattr(hamming, "MOST_CANDIDATES", 3)
    assert (near_pairs(hashes, 8)[0] == whole).all()


def test_one_hash_has_no_pair():
    for count in (0, 1):
        pairs, distance = near_pairs(np.zeros(count, np.uint64), 8)
        assert pairs.shape == (0, 2) and distance.shape == (0,)


def test_distance_counts_bits():
    first = np.array([0, 2**64 - 1], np.uint64)
    assert distances(first, np.array([5, 0], np.uint64)).tolist() == [2, 64]
