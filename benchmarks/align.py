"""Face detection: our MTCNN in batches, against the packages `mtcnn` and `facenet-pytorch`.

A package that is not installed is left out: `pip install -e '.[bench]'`.
"""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks import data
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

    yield Pair(
        f"align, batches of {BATCH}",
        "ours, one image at a time",
        ours,
        lambda: [detector.detect(image[None]) for image in few],
        len(images),
        len(few),
    )
    for name, single, batched in _packages():
        yield Pair(
            f"align, batches of {BATCH}",
            f"{name}, one image at a time",
            ours,
            lambda call=single: [call(image) for image in few],
            len(images),
            len(few),
        )
        yield Pair(
            f"align, batches of {BATCH}",
            f"{name}, batches of {BATCH}",
            ours,
            lambda call=batched: [call(part) for part in parts],
            len(images),
            len(images),
        )


def load_images(count: int, size: int) -> np.ndarray:
    """Rendered faces (count, size, size, 3), repeated as often as needed."""
    pictures = [decode(path.read_bytes()) for path in sorted(FACES.glob("*.jpg"))]
    return np.stack([resize(pictures[i % len(pictures)], size, size) for i in range(count)])


def _packages() -> Iterator[tuple[str, Callable, Callable]]:
    """Name of a package, detection in one image, in a batch."""
    if all(importlib.util.find_spec(name) for name in ("mtcnn", "tensorflow")):
        from mtcnn import MTCNN

        reference = MTCNN()
        yield "mtcnn", reference.detect_faces, lambda part: reference.detect_faces(list(part))
    if importlib.util.find_spec("facenet_pytorch"):
        from facenet_pytorch import MTCNN as Facenet

        network = Facenet(keep_all=True, min_face_size=20, post_process=False, device="cpu")
        yield "facenet-pytorch", network.detect, network.detect
