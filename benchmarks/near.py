"""Near copies: hashing and pairing the images of a folder, and a million synthetic hashes.

    python -m benchmarks near --images /data/fer2013     # folders train and validation
    python -m benchmarks near --hashes 1000000

Of the images, the copies in `validation` are found that the perceptual hash alone finds within four
bits in `train`. Seconds are processor time of one thread; the memory is the largest of the process.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np

from fer3d.cleaning.near.hamming import distances, near_pairs
from fer3d.cleaning.near.pairs import FAR, NEAR, copy_pairs
from fer3d.files.digests import sha1_bytes
from fer3d.files.images import MAX_PIXELS, decode, read_file, suffixes
from fer3d.files.perceptual import hash_values, perceptual_hash, thumbnail

MIB = 1024  # of ru_maxrss, KiB
COPIES = 100  # one of so many synthetic hashes is a copy of another


def images(folder: Path) -> None:
    """Hash and pair the images of a folder, each distinct file once."""
    parts: list[str] = []
    hashes, pictures, seconds = [], {}, {"decode": 0.0, "hash": 0.0}
    for part, data in _files(folder):
        start = time.process_time()
        image = decode(data, max_pixels=MAX_PIXELS)
        middle = time.process_time()
        hashes.append(perceptual_hash(image))
        seconds["decode"] += middle - start
        seconds["hash"] += time.process_time() - middle
        pictures[len(parts)] = thumbnail(image)
        parts.append(part)
    held = np.array(parts) == "validation"
    values, start = hash_values(hashes), time.process_time()
    pairs = copy_pairs(values, lambda rows: {row: pictures[row] for row in rows})
    seconds["pair"] = time.process_time() - start
    by_hash, found = _near_hashes(values, held), _leaks(pairs, held)
    print(f"{len(parts)} images, {len(pairs)} pairs", seconds)
    print(f"within {NEAR} bits: {len(by_hash)} in validation, {len(by_hash & found)} of them found")
    print(f"found in all: {len(found)} of {held.sum()} in validation")


def synthetic(count: int) -> None:
    """Pair random hashes, of which one in ``COPIES`` differs from another in one to eight bits."""
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**64, count, dtype=np.uint64)
    copies = np.arange(0, count - 1, COPIES)
    for number, row in enumerate(copies):
        bits = random.choice(64, 1 + number % FAR, replace=False).astype(np.uint64)
        hashes[row + 1] = hashes[row] ^ np.bitwise_or.reduce(np.uint64(1) << bits)
    start = time.process_time()
    pairs, _ = near_pairs(hashes, FAR)
    seconds = time.process_time() - start
    found = {tuple(pair) for pair in pairs.tolist()}
    hits = sum((row, row + 1) in found for row in copies.tolist())
    assert (distances(hashes[copies], hashes[copies + 1]) <= FAR).all()
    print(f"{count} hashes: {len(pairs)} pairs, {hits} of {len(copies)} planted, {seconds:.1f} s")


def _files(folder: Path) -> list[tuple[str, bytes]]:
    """First folder and content of each distinct image, by path; of copies, that in validation."""
    paths = [path for path in folder.rglob("*") if path.suffix.lower() in suffixes()]
    names = [path.relative_to(folder) for path in sorted(paths)]
    distinct: dict[str, tuple[Path, bytes]] = {}
    for name in sorted(names, key=lambda name: name.parts[0] == "validation"):  # overwrites others
        data = read_file(folder / name)
        distinct[sha1_bytes(data)] = name, data
    return [(name.parts[0], data) for name, data in sorted(distinct.values())]


def _near_hashes(hashes: np.ndarray, held: np.ndarray) -> set[int]:
    """The held-out images whose hash is within ``NEAR`` bits of one of the others."""
    distinct, kind = np.unique(hashes, return_inverse=True)
    pairs, _ = near_pairs(distinct, NEAR)
    others = np.bincount(kind[~held], minlength=len(distinct)) > 0
    near = others.copy()
    for one, other in (pairs.T, pairs.T[::-1]):
        near[one] |= others[other]
    return set(np.flatnonzero(held & near[kind]).tolist())


def _leaks(pairs: np.ndarray, held: np.ndarray) -> set[int]:
    """The held-out images of the pairs that have one."""
    across = pairs[held[pairs].sum(axis=1) == 1]
    return set(across[held[across]].tolist())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, help="folder of images")
    parser.add_argument("--hashes", type=int, help="number of synthetic hashes")
    options = parser.parse_args()
    if options.images:
        images(options.images)
    if options.hashes:
        synthetic(options.hashes)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    print(f"{memory:.0f} MiB of memory")


if __name__ == "__main__":
    main()
