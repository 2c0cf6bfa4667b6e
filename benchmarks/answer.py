"""From the pixels of a photo to its expression: 16 photos at once, and one at a time."""

from collections.abc import Iterator

import torch

from benchmarks import data
from benchmarks.align import load_images
from benchmarks.pairs import Options, Pair
from fer3d.assets.recognizers import find_recognizer
from fer3d.inference.batches import BATCH
from fer3d.inference.recognize import Predictor

SIZE = 192  # px, side of a photo


def pairs(options: Options) -> Iterator[Pair]:
    torch.set_num_threads(1)
    photos = load_images(options.images, SIZE)
    predictor = Predictor(find_recognizer(), data.toolbox(options))

    def ours() -> None:
        for start in range(0, len(photos), BATCH):
            predictor.recognize(photos[start : start + BATCH])

    yield Pair(
        f"photo to expression, batches of {BATCH}",
        "ours, one photo at a time",
        ours,
        lambda: [predictor.central_face(photo) for photo in photos],
        len(photos),
        len(photos),
    )
