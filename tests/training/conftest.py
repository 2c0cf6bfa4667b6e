"""A small set of packed arrays with visible labels."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer3d.files.folders import Folders
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Spec

CLASSES = ("anger", "fear", "surprise")
SIZE = 32  # px
COUNTS = {"train": 24, "validation": 8, "test": 8}  # images a class

MakeSet = Callable[..., Folders]


@pytest.fixture(scope="session")
def make_set() -> MakeSet:
    """Writes a set: the position of a bar in image, shading and landmarks encodes the class."""
    return _make_set


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """A set of three classes that is easy to learn."""
    return _make_set(tmp_path_factory.mktemp("set"))


def _make_set(root: Path, *, spoil_test: bool = False, reconstructed: bool = True) -> Folders:
    rng = np.random.default_rng(0)
    frame = _frame(rng)
    codes = frame["label"].map(CLASSES.index).to_numpy()
    shading = rng.integers(0, 60, (len(frame), SIZE, SIZE), np.uint8)
    landmarks = rng.uniform(0, SIZE, (1, 68, 2)) + rng.normal(0, 0.2, (len(frame), 68, 2))
    for row, code in enumerate(codes):
        shading[row, :, 10 * code : 10 * code + 8] += 150
        landmarks[row, 48:, 1] += 4 * code
    frame["reconstructed"] = reconstructed
    arrays = {
        "images": np.repeat(shading[..., None], 3, axis=3),
        "landmarks_image": landmarks.astype(np.float32),
        "shading": shading,
    }
    faces = {"vertices_face": _vertices(landmarks), "features": _features(landmarks)}
    if spoil_test:
        test = (frame["split"] == "test").to_numpy()
        frame.loc[test, "label"] = "garbage"
        arrays["images"][test] = 255
        arrays["landmarks_image"][test] = np.nan
    for name, values in arrays.items():
        _write(root / name, frame, {name: values} | (faces if name == "landmarks_image" else {}))
    return Folders(*(root / name for name in arrays))


def _vertices(landmarks: np.ndarray) -> np.ndarray:
    """The landmarks as a flat face, cm, and their mirror images: (N, 136, 3) float32."""
    half = np.pad(landmarks / SIZE, ((0, 0), (0, 0), (0, 1))) - (2, 0, 0)
    return np.concatenate([half, half * (-1, 1, 1)], axis=1).astype(np.float32)


def _features(landmarks: np.ndarray) -> np.ndarray:
    """Coordinates of the landmarks, for photo and mirrored photo: (N, 2, 136) float16."""
    straight = landmarks.reshape(len(landmarks), -1) / SIZE
    across = (landmarks * (-1, 1)).reshape(len(landmarks), -1) / SIZE
    return np.stack([straight, across], axis=1).astype(np.float16)


def _frame(rng: np.random.Generator) -> pd.DataFrame:
    rows = [(split, name) for split, n in COUNTS.items() for name in CLASSES for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["split", "label"]).iloc[rng.permutation(len(rows))]
    ids = [f"{i:03d}" for i in range(len(frame))]
    values = {"id": ids, "path": ids, "sha1": "0" * 40, "width": SIZE, "height": SIZE}
    return frame.assign(**values).reset_index(drop=True)


def _write(folder: Path, frame: pd.DataFrame, arrays: dict[str, np.ndarray]) -> None:
    specs = {name: Spec(values.shape[1:], values.dtype.name) for name, values in arrays.items()}
    with PackedWriter(folder, len(frame), specs) as packed:
        packed.write(0, arrays)
        packed.finish(frame)
