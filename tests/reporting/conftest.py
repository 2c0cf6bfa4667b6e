"""A small run: packed folders of every stage."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pngs import write_png
from predicted import CLASSES

from fer3d.evaluation.predictions import (
    classes_of,
    evaluate_reconstructed,
    evaluate_split,
    write_predictions,
)
from fer3d.files import manifest
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Spec
from fer3d.reporting.data_set import DataSources
from fer3d.reporting.params import ReportParams
from fer3d.reporting.report import STAGES, RunFiles
from fer3d.reporting.samples import SampleSources

SIZE = 40  # px
VERTICES = 4
BY_YAW = {"0-15": 2.75}
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


@pytest.fixture
def inputs(tmp_path: Path, predictions: pd.DataFrame, sources: SampleSources) -> dict:
    """Arguments of ``report``, with its input files."""
    classes = classes_of(predictions)
    splits = predictions.groupby("split", sort=False)
    metrics = {
        **{stage: {"images": 36} for stage in STAGES},
        "ingest": {"images": 36, "rejected_by_reason": {}, "per_class": dict.fromkeys(classes, 12)},
        "balance": {"before": dict.fromkeys(classes, 6), "after": dict.fromkeys(classes, 9)},
        "accuracy3d": {"images": 2, "images_by_yaw": {"0-15": 2}, "vertex_error_percent": BY_YAW},
        "train": {"epochs": 3, "best_epoch": 2, "validation": {"macro_f1": 0.5}},
        "evaluate": {
            name: evaluate_split(part, classes)
            | {"reconstructed": evaluate_reconstructed(part, classes)}
            for name, part in splits
        },
    }
    for name, values in metrics.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(values))
    epochs = pd.DataFrame({"epoch": [1, 2, 3]})
    for name in ("loss", "accuracy", "macro_f1"):
        epochs[f"train_{name}"], epochs[f"validation_{name}"] = [1.9, 0.7, 0.4], [0.4, 0.6, 0.5]
    epochs.to_csv(tmp_path / "curves.csv", index=False)
    write_predictions(predictions, tmp_path / "predictions.parquet")
    files = RunFiles(tmp_path, tmp_path / "curves.csv", tmp_path / "predictions.parquet")
    return {
        "files": files,
        "sources": sources,
        "params": ReportParams(samples_per_class=3, pictures=True),
    }


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
    folder = tmp_path / "data"
    images = [
        ("a", "fear", "train"),
        ("b", "fear", "test"),
        ("c", "joy", "train"),
        ("d", "joy", "train"),
    ]
    manifest.write(_rows(*images, columns="id label split"), folder / "ingest/manifest.parquet")
    rejected = _rows(("x", "joy", "corrupt"), ("y", "", "no_label"), columns="id label reason")
    manifest.write(rejected, folder / "ingest/rejected.parquet")
    manifest.write(_rows(*images[:3], columns="id label split"), folder / "clean/manifest.parquet")
    dropped = _rows(("d", "joy", "train", "exact_duplicate"), columns="id label split reason")
    manifest.write(dropped, folder / "clean/dropped.parquet")
    small = _rows(("e", "fear", "small_face"), columns="id label reason")
    manifest.write(small, folder / "align/rejected.parquet")
    near = _rows(
        ("a", "fear", "train", "a", ""),
        ("b", "fear", "test", "a", ""),
        ("c", "joy", None, "c", ""),
        ("e", "joy", None, "c", "near_duplicate"),
        columns="id label split near_group reason",
    )
    manifest.write(near, folder / "clean/near.parquet")
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
    for name in ("images", "faces"):
        with PackedWriter(folder / name, 4, specs) as packed:
            packed.write(0, {"images": pictures})
            packed.finish(faces)
    names = ("ingest", "clean", "align", "images", "faces")
    return DataSources(*(folder / name for name in names))


def _rows(*values: tuple, columns: str) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=columns.split())
    return frame.assign(path=frame["id"] + ".png", sha1=frame["id"], width=30, height=20)
