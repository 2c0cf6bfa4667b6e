"""Only changed files are read again; the result is the same."""

import errno
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pngs import write_png

from fer3d.datasets import signatures
from fer3d.files import manifest
from fer3d.ingestion import known
from fer3d.ingestion.ingest import ingest_dataset
from fer3d.ingestion.params import IngestParams
from fer3d.machine.settings import Settings

ONE = Settings(workers=1)
PARAMS = IngestParams(
    source="",
    layout="auto",
    max_pixels=10_000,
    max_rejected_fraction=1.0,
    class_names={},
    classes=None,
)


def picture(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    write_png(path, pixels)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the images that are read; no file counts as just written."""
    names: list[str] = []
    read = Path.read_bytes

    def read_and_note(path: Path) -> bytes:
        if path.suffix == ".png":
            names.append(path.name)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_and_note)
    monkeypatch.setattr(signatures, "TICK_NS", -1_000_000_000)
    return names


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two class folders, one behind a link, and files that are no images."""
    root = tmp_path / "faces"
    (tmp_path / "elsewhere").mkdir()
    root.mkdir()
    (root / "sad").symlink_to("../elsewhere")
    for i in range(3):
        picture(root / f"fear/{i}.png", i)
        picture(tmp_path / f"elsewhere/s{i}.png", 10 + i)
    (root / "fear/text.png").write_text("no image")
    (root / "fear/gone.png").symlink_to("/nowhere/x.png")
    os.mkfifo(root / "fear/pipe.png")
    return root


def run(source: Path, tmp_path: Path) -> dict:
    return ingest_dataset(source, tmp_path / "out", PARAMS, ONE, tmp_path)


def result(folder: Path) -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def test_unchanged_files_are_not_opened_and_give_the_same_bytes(source, tmp_path, opened):
    metrics = run(source, tmp_path)
    assert len(opened) == 7 and metrics["files"] == 9
    assert metrics["rejected_by_reason"] == {"missing": 1, "not_an_image": 1, "unreadable": 1}
    first = result(tmp_path / "out")
    opened.clear()
    assert run(source, tmp_path) == metrics and opened == []
    assert result(tmp_path / "out") == first
    ingest_dataset(source, tmp_path / "out", PARAMS, ONE)
    assert result(tmp_path / "out") == first and len(opened) == 7


def test_changed_new_and_removed_files_are_seen_behind_links_too(source, tmp_path, opened):
    run(source, tmp_path)
    behind = tmp_path / "elsewhere/s0.png"
    status = behind.stat()
    picture(tmp_path / "new.png", 90)
    behind.write_bytes((tmp_path / "new.png").read_bytes().ljust(status.st_size)[: status.st_size])
    os.utime(behind, ns=(status.st_atime_ns, status.st_mtime_ns))  # as a copy that keeps times
    opened.clear()
    picture(tmp_path / "elsewhere/s7.png", 91)
    (source / "fear/2.png").unlink()
    (source / "fear/gone.png").unlink()
    (source / "fear/gone.png").symlink_to(tmp_path / "new.png")
    metrics = run(source, tmp_path)
    assert sorted(opened) == ["gone.png", "s0.png", "s7.png"]
    frame = manifest.read(tmp_path / "out/manifest.parquet")
    assert metrics["files"] == 9 and "sad/s7.png" in set(frame["id"])


def test_files_of_a_list_that_lie_outside_are_seen(tmp_path, opened):
    for i in range(4):
        picture(tmp_path / f"far/{i}.png", i)
    (tmp_path / "set").mkdir()
    rows = [f"{tmp_path}/far/{i}.png,{'sad' if i % 2 else 'fear'}" for i in range(4)]
    (tmp_path / "set/images.csv").write_text("\n".join(["path,label", *rows]))
    run(tmp_path / "set", tmp_path)
    opened.clear()
    picture(tmp_path / "far/1.png", 77)
    run(tmp_path / "set", tmp_path)
    assert opened == ["1.png"]


def test_a_file_that_was_just_written_is_read_again(source, tmp_path, opened, monkeypatch):
    monkeypatch.setattr(signatures, "TICK_NS", 3600 * 1_000_000_000)
    run(source, tmp_path)
    opened.clear()
    run(source, tmp_path)
    assert len(opened) == 7


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"made_by": "x", "files": 1}'])
def test_a_damaged_file_of_known_rows_costs_time_alone(source, tmp_path, opened, content):
    (tmp_path / "ingest.json").write_bytes(content)
    assert run(source, tmp_path)["images"] == 6 and len(opened) == 7


def test_another_limit_is_another_result(tmp_path):
    rows = {"a": ([1, 2, 3, 4], {"sha1": "0", "width": 1, "height": 1})}
    known.write_known(tmp_path / "known.json", rows, 100, time.time_ns())
    assert list(known.read_known(tmp_path / "known.json", 100)) == ["a"]
    assert known.read_known(tmp_path / "known.json", 99) == {}


def test_a_file_that_could_not_be_read_is_tried_again(source, tmp_path, monkeypatch):
    """A server that fails for a moment must not cost the image in every later run."""
    monkeypatch.setattr(signatures, "TICK_NS", -1_000_000_000)
    read = Path.read_bytes

    def fails(path: Path) -> bytes:
        if path.name == "1.png":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(path)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_bytes", fails)
        assert run(source, tmp_path)["rejected_by_reason"]["unreadable"] == 2
    metrics = run(source, tmp_path)
    assert metrics["images"] == 6 and metrics["rejected_by_reason"]["unreadable"] == 1
