"""A thousand bad files among a thousand good ones: each is rejected with its reason."""

import contextlib
import io
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml
from PIL import Image

from fer3d.files import manifest

EACH = 100  # bad files of a kind
MAX_PIXELS = 10_000


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


def limited(source: Path, folder: Path, repository: Path) -> tuple[float, float]:
    """Run the stage with two workers; processor time, s, and memory of all processes, MB."""
    values = yaml.safe_load((repository / "params.yaml").read_text())
    values["ingest"] |= {"source": str(source), "max_pixels": MAX_PIXELS}
    values["ingest"]["max_rejected_fraction"] = 0.5
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    command = [sys.executable, "-m", "stages.ingest", "--out", "out", "--metrics", "metrics.json"]
    environment = os.environ | {"PYTHONPATH": str(repository), "FER3D_WORKERS": "2"}
    started, memory = os.times(), 0
    with subprocess.Popen(command, cwd=folder, env=environment) as process:
        while process.poll() is None:
            memory = max(memory, resident(psutil.Process(process.pid)))
            time.sleep(0.05)
    assert process.returncode == 0
    ended = os.times()
    seconds = ended.children_user + ended.children_system
    return seconds - started.children_user - started.children_system, memory / 1e6


def resident(process: psutil.Process) -> int:
    """Resident memory of a process and its children, bytes; shared pages count several times."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    return total


def test_a_thousand_bad_files_among_a_thousand_good_ones(source, tmp_path, repository):
    seconds, megabytes = limited(source, tmp_path, repository)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert (metrics["images"], metrics["rejected"]) == (EACH * len(BAD), EACH * len(BAD))
    good = manifest.read(tmp_path / "out/manifest.parquet")
    assert good["id"].str.contains("/good-").all()
    bad = manifest.read(tmp_path / "out/rejected.parquet")
    names = bad["id"].str.extract(r"/(\w+)-\d+\.jpg")[0]
    assert bad["reason"].tolist() == [BAD[name][0] for name in names]
    assert seconds < 60 and megabytes < 1000
