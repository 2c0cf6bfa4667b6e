"""A small run: packed folders of every stage."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from predicted import CLASSES

from fer3d.files import manifest
from fer3d.files.images import write_png
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Spec
from fer3d.reporting.data_set import DataSources
from fer3d.reporting.samples import SampleSources

SIZE = 40  # px
VERTICES = 4
DATA_SIZE = 16  # px, of the images of `data_sources`


@pytest.fixture
def triangles() -> np.ndarray:
    return np.array([[0, 1, 2], [0, 2, 3]])


@pytest.fixture
def sources(tmp_path: Path) -> SampleSources:
    """Twelve images a class in three splits; some were not aligned, some not reconstructed."""
    rng = np.random.default_rng(0)
    frame = _frame()
    images = rng.integers(60, 200, (len(frame), SIZE, SIZE, 3), np.uint8)
    for path, image in zip(frame["path"], images, strict=True):
        write_png(tmp_path / "originals" / path, image)
    corners = np.float32([[5, 5, 0], [35, 5, 0], [35, 35, 0], [5, 35, 0]])
    arrays = {
        "vertices_image": np.broadcast_to(corners, (len(frame), VERTICES, 3)),
        "landmarks_image": rng.uniform(5, 35, (len(frame), 68, 2)).astype(np.float32),
    }
    _write(tmp_path / "images", frame, {"images": images})
    _write(tmp_path / "faces", frame, arrays)
    _write(tmp_path / "shadings", frame, {"shading": images[..., 0]})
    folders = (tmp_path / name for name in ("originals", "images", "faces", "shadings"))
    return SampleSources(*folders)


def _frame() -> pd.DataFrame:
    splits = ["train"] * 6 + ["validation"] * 3 + ["test"] * 3
    rows = [(name, split, i) for name in CLASSES for i, split in enumerate(splits)]
    frame = pd.DataFrame(rows, columns=["label", "split", "number"])
    number = frame.pop("number")
    ids = [f"{i:03d}" for i in range(len(frame))]
    return frame.assign(
        id=ids,
        path=[f"{name}.png" for name in ids],
        sha1="0" * 40,
        width=SIZE,
        height=SIZE,
        aligned=number != 1,
        detection=np.where(number == 1, "", "mtcnn"),
        noise=np.where(number == 2, "poisson", ""),
        source_id=ids,
        reconstructed=number != 0,
        reason=np.where(number == 0, "no_face", ""),
    )


def _write(folder: Path, frame: pd.DataFrame, arrays: dict[str, np.ndarray]) -> None:
    specs = {name: Spec(values.shape[1:], values.dtype.name) for name, values in arrays.items()}
    with PackedWriter(folder, len(frame), specs) as packed:
        packed.write(0, arrays)
        packed.finish(frame)


@pytest.fixture
def data_sources(tmp_path: Path) -> DataSources:
    """Six images, of which three were lost; one of the others has a noisy copy."""
    images = [("a", "fear"), ("b", "fear"), ("c", "joy"), ("d", "joy")]
    manifest.write(_rows(*images, columns="id label"), tmp_path / "ingest/manifest.parquet")
    rejected = _rows(("x", "joy", "corrupt"), ("y", "", "no_label"), columns="id label reason")
    manifest.write(rejected, tmp_path / "ingest/rejected.parquet")
    manifest.write(_rows(*images[:3], columns="id label"), tmp_path / "clean/manifest.parquet")
    dropped = _rows(("d", "joy", "exact_duplicate"), columns="id label reason")
    manifest.write(dropped, tmp_path / "clean/dropped.parquet")
    small = _rows(("e", "fear", "small_face"), columns="id label reason")
    manifest.write(small, tmp_path / "align/rejected.parquet")
    near = _rows(
        ("a", "fear", "train", "a", ""),
        ("b", "fear", "test", "a", ""),
        ("c", "joy", None, "c", ""),
        ("e", "joy", None, "c", "near_duplicate"),
        columns="id label split near_group reason",
    )
    manifest.write(near, tmp_path / "clean/near.parquet")
    faces = _rows(
        ("a", "fear", "train", "", "a", True, True, -20.0),
        ("a#poisson", "fear", "train", "poisson", "a", True, True, -20.0),
        ("b", "fear", "test", "", "b", True, True, 95.0),
        ("c", "joy", "train", "", "c", False, False, 0.0),
        columns="id label split noise source_id aligned reconstructed yaw",
    )
    pictures = np.full((4, DATA_SIZE, DATA_SIZE, 3), 100, np.uint8)
    pictures[1] = 0  # has noise: not looked at
    specs = {"images": Spec((DATA_SIZE, DATA_SIZE, 3), "uint8")}
    for folder in ("images", "faces"):
        with PackedWriter(tmp_path / folder, 4, specs) as packed:
            packed.write(0, {"images": pictures})
            packed.finish(faces)
    names = ("ingest", "clean", "align", "images", "faces")
    return DataSources(*(tmp_path / name for name in names))


def _rows(*values: tuple, columns: str) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=columns.split())
    return frame.assign(path=frame["id"] + ".png", sha1=frame["id"], width=30, height=20)
