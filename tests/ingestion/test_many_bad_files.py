"""A thousand bad files among a thousand good ones: each is rejected with its reason."""

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer3d.files import manifest
from fer3d.ingestion.ingest import ingest_dataset
from fer3d.ingestion.params import IngestParams
from fer3d.machine.settings import Settings

EACH = 100  # bad files of a kind
PARAMS = IngestParams(
    source="",
    layout="folders",
    max_pixels=10_000,
    max_rejected_fraction=0.5,
    class_names={},
    classes=None,
)


def encoded(seed: int, kind: str, side: int = 24) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def flipped(path: Path, i: int) -> None:
    data = bytearray(encoded(i, "PNG"))
    data[len(data) // 2] ^= 1 + i
    path.write_bytes(data)


def not_a_number(path: Path, i: int) -> None:
    pixels = np.full((8, 8), np.nan, np.float32)
    Image.fromarray(pixels).save(path, "TIFF")


def sparse(path: Path, i: int) -> None:
    path.touch()
    os.truncate(path, 1_200_000 + i)


BAD: dict[str, tuple[str, Callable[[Path, int], object]]] = {
    "empty": ("empty", lambda path, i: path.touch()),
    "text": ("not_an_image", lambda path, i: path.write_text(f"no image {i}")),
    "pickle": ("not_an_image", lambda path, i: path.write_bytes(pickle.dumps([i]))),
    "cut": ("corrupt", lambda path, i: path.write_bytes(encoded(i, "JPEG")[: -50 - i])),
    "flipped": ("corrupt", flipped),
    "wide": ("too_large", lambda path, i: path.write_bytes(encoded(i, "BMP", 101))),
    "heavy": ("too_large", sparse),
    "gone": ("missing", lambda path, i: path.symlink_to(f"nowhere{i}")),
    "pipe": ("unreadable", lambda path, i: os.mkfifo(path)),
    "nan": ("pixel_values", not_a_number),
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for label in ("anger", "fear"):
        (tmp_path / "faces" / label).mkdir(parents=True)
    for i in range(EACH * len(BAD)):
        kind = ("JPEG", "PNG", "WEBP", "PPM")[i % 4]
        name = f"faces/{('anger', 'fear')[i % 2]}/good-{i}.jpg"
        (tmp_path / name).write_bytes(encoded(i, kind))
    for name, (_, make) in BAD.items():
        for i in range(EACH):
            make(tmp_path / f"faces/fear/{name}-{i}.jpg", i)
    return tmp_path / "faces"


def test_a_thousand_bad_files_among_a_thousand_good_ones(source, tmp_path):
    metrics = ingest_dataset(source, tmp_path / "out", PARAMS, Settings(workers=2))
    assert (metrics["images"], metrics["rejected"]) == (EACH * len(BAD), EACH * len(BAD))
    good = manifest.read(tmp_path / "out/manifest.parquet")
    assert good["id"].str.contains("/good-").all()
    bad = manifest.read(tmp_path / "out/rejected.parquet")
    names = bad["id"].str.extract(r"/(\w+)-\d+\.jpg")[0]
    assert bad["reason"].tolist() == [BAD[name][0] for name in names]
