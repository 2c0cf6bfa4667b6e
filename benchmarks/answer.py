"""From the pixels of a photo to its expression: 16 photos at once, and one at a time.

By the recognizer that comes with fer3d, and by the one of `dvc repro`, which has other parameters.
"""

from collections.abc import Iterator, Sequence

import numpy as np
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
    photos = list(load_images(options.images, SIZE))
    toolbox = data.toolbox(options)
    trained = options.data / "train" / "model.safetensors"
    for name, file in (("fer2013", find_recognizer("fer2013")), ("own", trained)):
        yield _pair(name, Predictor(file, toolbox), photos)


def _pair(name: str, predictor: Predictor, photos: Sequence[np.ndarray]) -> Pair:
    def ours() -> None:
        for start in range(0, len(photos), BATCH):
            predictor.recognize(photos[start : start + BATCH])

    return Pair(
        f"photo to expression by `{name}`, batches of {BATCH}",
        "ours, one photo at a time",
        ours,
        lambda: [predictor.central_face(photo) for photo in photos],
        len(photos),
        len(photos),
    )
