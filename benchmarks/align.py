"""Face detection: our MTCNN in batches, against the packages `mtcnn` and `facenet-pytorch`.

`mtcnn` needs TensorFlow: see ``environments``. `facenet-pytorch` is left out if it, or torchvision
for our PyTorch, is not installed; it asks for an older PyTorch (`pip install --no-deps`).
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks import data
from benchmarks.environments import serve
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
    for against, count, call in _peers(images, parts, options):
        yield Pair(f"align, batches of {BATCH}", against, ours, call, len(images), count)


def load_images(count: int, size: int) -> np.ndarray:
    """Rendered faces (count, size, size, 3), repeated as often as needed."""
    pictures = [decode(path.read_bytes()) for path in sorted(FACES.glob("*.jpg"))]
    return np.stack([resize(pictures[i % len(pictures)], size, size) for i in range(count)])


def _peers(
    images: np.ndarray, parts: list[np.ndarray], options: Options
) -> Iterator[tuple[str, int, Callable[[], object]]]:
    """Name of a peer, number of images, and how it processes them."""
    with serve("mtcnn", images, options.environments) as peer:
        if peer is not None:
            yield "mtcnn, one image at a time", FEW, lambda: peer("single", FEW)
            yield f"mtcnn, batches of {BATCH}", len(images), lambda: peer("batched", len(images))
    if not all(map(importlib.util.find_spec, ("facenet_pytorch", "torchvision"))):
        print("facenet-pytorch is left out: it or torchvision is not installed", file=sys.stderr)
        return
    from facenet_pytorch import MTCNN as Facenet

    network = Facenet(keep_all=True, min_face_size=20, post_process=False, device="cpu")
    few = images[:FEW]
    yield "facenet-pytorch, one image at a time", len(few), lambda: list(map(network.detect, few))
    batched = f"facenet-pytorch, batches of {BATCH}"
    yield batched, len(images), lambda: list(map(network.detect, parts))
