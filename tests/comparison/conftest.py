"""A small set in memory with visible labels, and small models."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from fer3d.comparison import plans
from fer3d.comparison.registry import REGISTRY
from fer3d.networks.compared.jung2015 import Jung2015
from fer3d.networks.compared.li2017 import Li2017
from fer3d.networks.compared.zeng2018 import Zeng2018
from fer3d.training.arrays import InputArrays

CLASSES = ("anger", "fear", "surprise")
SIZE = 32  # px
COUNTS = {"train": 20, "validation": 8, "test": 4}  # images a class
MISSING = (0, 7, 40)  # rows without landmarks


@pytest.fixture(scope="session")
def arrays() -> InputArrays:
    """Three classes: a bar in the image and the mouth in the landmarks encode them."""
    rng = np.random.default_rng(0)
    rows = [(split, name) for split, n in COUNTS.items() for name in CLASSES for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["split", "label"]).iloc[rng.permutation(len(rows))]
    frame = frame.assign(id=[f"{i:03d}" for i in range(len(frame))], subject=None).reset_index(
        drop=True
    )
    codes = frame["label"].map(CLASSES.index).to_numpy()
    image = rng.integers(0, 60, (len(frame), SIZE, SIZE, 3), np.uint8)
    face = rng.uniform(4, SIZE - 4, (68, 2))
    face[36:42], face[42:48] = (9, 12), (23, 12)
    landmarks = face + rng.normal(0, 0.2, (len(frame), 68, 2))
    for row, code in enumerate(codes):
        image[row, :, 10 * code : 10 * code + 8] += 150
        landmarks[row, 48:, 1] += 4 * code
    reconstructed = ~frame.index.isin(MISSING)
    landmarks[~reconstructed] = np.nan
    shading = np.zeros((len(frame), SIZE, SIZE), np.uint8)
    return InputArrays(frame, image, landmarks.astype(np.float32), shading, reconstructed)


@pytest.fixture
def small_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """The models, with fewer pixels and layers if they would take more than seconds."""
    stages = ((16, 32, 1), (16, 64, 1), (16, 64, 1))
    builds = {
        "li-2017": partial(Li2017, side=24),
        "jung-2015": partial(Jung2015, side=24),
        "zeng-2018": partial(Zeng2018, side=40, stages=stages),
    }
    for name, build in builds.items():
        monkeypatch.setitem(REGISTRY, name, replace(REGISTRY[name], build=build))
    monkeypatch.setattr(plans, "ORIENTATIONS", (2, 4))
