"""Copies and near copies of real photos."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skimage.data
from PIL import Image, ImageEnhance

from fer3d.cleaning.clean import deduplicate_dataset
from fer3d.cleaning.params import DeduplicateParams
from fer3d.files import manifest
from fer3d.ingestion.ingest import ingest_dataset
from fer3d.ingestion.params import IngestParams
from fer3d.machine.settings import Settings
from fer3d.reporting.data_page import near_gallery
from fer3d.reporting.data_set import near_copies

LOCAL = Settings(workers=1, store="none")


def ingest(source: Path, out: Path) -> Path:
    values = {"source": str(source), "max_pixels": 10**6, "layout": "auto"}
    params = IngestParams(**values, max_rejected_fraction=0.0, class_names={}, classes=None)
    ingest_dataset(source, out, params, LOCAL)
    return out / "manifest.parquet"


def clean(table: Path, root: Path, out: Path, near: str = "group", workers: int = 1) -> dict:
    params = DeduplicateParams(conflicts="drop_all", near=near)
    settings = Settings(workers=workers, store="none")
    return deduplicate_dataset(table, root, out, params, settings)


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """A face in training and test, also small, dark and shifted; and other pictures."""
    root = tmp_path_factory.mktemp("photos")
    face = Image.fromarray(skimage.data.astronaut()[0:256, 96:352])
    others = [skimage.data.coffee(), skimage.data.rocket(), skimage.data.chelsea()]
    pictures = {
        "test/happy/face.jpg": face,
        "train/happy/small.jpg": face.resize((60, 60)),
        "train/sad/dark.jpg": ImageEnhance.Brightness(face).enhance(0.6),
        "train/happy/moved.jpg": Image.fromarray(skimage.data.astronaut()[2:258, 99:355]),
        "train/sad/other.jpg": Image.fromarray(others[0]),
        "train/happy/other.jpg": Image.fromarray(others[1]),
        "test/sad/other.jpg": Image.fromarray(others[2]),
    }
    for name, picture in pictures.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.convert("RGB").save(path, quality=90)
    return root


def test_without_the_search_the_report_counts_no_near_copies(photos, tmp_path):
    metrics = clean(ingest(photos, tmp_path / "ingest"), photos, tmp_path / "out", near="off")
    near = manifest.read(tmp_path / "out/near.parquet")
    assert metrics["near"] is None and not len(near)
    assert set(near_copies(near).values()) == {0}
    assert near_gallery(near, photos, pictures=False).groups == []


def test_near_copies_of_a_test_photo_leave_training(photos, tmp_path):
    metrics = clean(ingest(photos, tmp_path / "ingest"), photos, tmp_path / "out")
    kept = manifest.read(tmp_path / "out/manifest.parquet")
    dropped = manifest.read(tmp_path / "out/dropped.parquet")
    assert set(dropped["id"]) == {
        "train/happy/moved.jpg", "train/happy/small.jpg", "train/sad/dark.jpg",
    }  # fmt: skip
    assert set(dropped["reason"]) == {"near_copy_of_held_out_image"}
    assert len(kept) == 4 and "phash" not in kept
    assert metrics["near"]["would_leak"] == 1 and metrics["near"]["images"] == 4
    assert list(metrics)[:4] == ["before", "after", "removed", "removed_by_reason"]
    assert metrics["after"] == {"happy": 2, "sad": 2}
    assert sum(metrics["removed_by_reason"].values()) == len(dropped)
    near = manifest.read(tmp_path / "out/near.parquet")
    assert set(near["near_group"]) == {"test/happy/face.jpg"} and len(near) == 4


def test_off_looks_at_no_picture(photos, tmp_path):
    metrics = clean(
        ingest(photos, tmp_path / "ingest"), tmp_path / "nowhere", tmp_path / "o", "off"
    )
    assert metrics["near"] is None and sum(metrics["after"].values()) == 7


def test_workers_change_no_byte(photos, tmp_path):
    table = ingest(photos, tmp_path / "ingest")
    for workers in (1, 2):
        clean(table, photos, tmp_path / str(workers), workers=workers)
    for name in ("manifest", "dropped", "near"):
        one, two = (tmp_path / f"{n}/{name}.parquet" for n in (1, 2))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.slow
def test_near_copies_of_fer2013(fer2013_zip, tmp_path):
    """Of photos of its validation folder, 175 have a copy within a distance of 4 in training."""
    with zipfile.ZipFile(fer2013_zip) as files:
        files.extractall(tmp_path)
    root = tmp_path / "fer2013"
    metrics = clean(ingest(root, tmp_path / "ingest"), root, tmp_path / "out")
    assert metrics["near"]["would_leak"] >= 150
    kept = manifest.read(tmp_path / "out/manifest.parquet")
    grouped = kept[kept["near_group"].notna()]
    assert (grouped.groupby("near_group")["split"].nunique() == 1).all()
    dropped = pd.concat([manifest.read(tmp_path / "out/dropped.parquet")])
    assert len(kept) + len(dropped) == 32_298
    held_out = kept["split"] == "validation"
    near = manifest.read(tmp_path / "out/near.parquet")
    assert np.isin(near["id"][near["split"] == "validation"], kept["id"][held_out]).any()
