"""Face detection: our MTCNN in batches, against the packages `mtcnn` and `facenet-pytorch`.

They need TensorFlow, and another PyTorch with torchvision: see ``environments``.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks import data
from benchmarks.environments import Peer, serve
from benchmarks.pairs import Options, Pair
from fer3d.alignment.mtcnn import Mtcnn
from fer3d.files.images import decode, resize
from fer3d.machine.ordered_map import batches

FACES = Path(__file__).parent.parent / "tests" / "alignment" / "data" / "synthetic"
SIZE = 128  # px, side of an image
BATCH = 64  # images
FEW = 32  # images of a peer that processes them one at a time


def pairs(options: Options) -> Iterator[Pair]:
    torch.set_num_threads(1)
    images = load_images(options.images, SIZE)
    detector = Mtcnn(data.toolbox(options).assets)
    parts = [images[rows.start : rows.stop] for rows in batches(len(images), BATCH)]
    few = images[:FEW]

    def ours() -> None:
        for part in parts:
            detector.detect(part)

    def singly() -> None:
        for image in few:
            detector.detect(image[None])

    batched, one = f"align, batches of {BATCH}", "one image at a time"
    yield Pair(batched, f"ours, {one}", ours, singly, len(images), len(few))
    for name, peer in _peers(images, options):
        at_a_time = partial(peer, "single", FEW)
        yield Pair(f"align, {one}", f"{name}, {one}", singly, at_a_time, len(few), FEW)
        yield Pair(batched, f"{name}, {one}", ours, at_a_time, len(images), FEW)
        together = partial(peer, "batched", len(images))
        yield Pair(batched, f"{name}, batches of {BATCH}", ours, together, len(images), len(images))


def load_images(count: int, size: int) -> np.ndarray:
    """Rendered faces (count, size, size, 3), repeated as often as needed."""
    pictures = [decode(path.read_bytes()) for path in sorted(FACES.glob("*.jpg"))]
    return np.stack([resize(pictures[i % len(pictures)], size, size) for i in range(count)])


def _peers(images: np.ndarray, options: Options) -> Iterator[tuple[str, Peer]]:
    """Other packages, by name."""
    for name in ("mtcnn", "facenet-pytorch"):
        with serve(name, images, options.environments) as peer:
            if peer is not None:
                yield name, peer
