"""An archive is unpacked once, again if it changes, and completely or not at all."""

import os
from pathlib import Path

import numpy as np
import pytest

from fer3d.datasets import signatures
from fer3d.datasets.archives import fer_plus
from fer3d.datasets.archives.unpack import unpack, unpacked_folder
from fer3d.datasets.params import SourceParams
from fer3d.errors import UserError
from fer3d.files import manifest
from fer3d.ingestion.ingest import ingest_dataset
from fer3d.ingestion.params import IngestParams
from fer3d.machine.settings import Settings

NAMES = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
VOTES = ("0,7,3,0,0,0,0,0,0,0", "0,0,0,0,9,0,0,0,0,0", "5,5,0,0,0,0,0,0,0,0")


def text(pixels: np.ndarray) -> str:
    return " ".join(map(str, pixels.ravel()))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """FER2013 and FER+ with 15 images of 8 px, written an hour ago."""
    root = tmp_path / "fer"
    root.mkdir()
    pictures = np.random.default_rng(0).integers(0, 256, (15, 8, 8))
    rows = [f"{i % 7},{text(picture)},Training\n" for i, picture in enumerate(pictures)]
    write(root / "fer2013.csv", "emotion,pixels,Usage\n" + "".join(rows))
    votes = [f"Training,fer{i:07}.png,{VOTES[i % 3]}\n" for i in range(15)]
    write(root / "fer2013new.csv", f"Usage,Image name,{NAMES}\n" + "".join(votes))
    return root


@pytest.fixture(autouse=True)
def clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file counts as just written."""
    monkeypatch.setattr(signatures, "TICK_NS", -1_000_000_000)


def write(path: Path, content: str) -> None:
    path.write_text(content)


def inodes(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_ino for p in folder.rglob("*") if p.is_file()}


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_second_time_nothing_is_unpacked_and_the_entries_are_the_same(source, tmp_path):
    folder = unpacked_folder(source, tmp_path / "kept")
    first, before = unpack(fer_plus, source, folder), inodes(folder)
    assert unpack(fer_plus, source, folder) == first
    assert inodes(folder) == before and len(before) == 15 + 2
    assert {entry.left_out for entry in first} == {None, "no_majority"}


def test_a_changed_archive_is_unpacked_again_and_the_old_images_go(source, tmp_path):
    folder = unpacked_folder(source, tmp_path / "kept")
    unpack(fer_plus, source, folder)
    for name in ("fer2013.csv", "fer2013new.csv"):
        lines = (source / name).read_text().splitlines(keepends=True)
        write(source / name, "".join(lines[:-1]))
    assert len(unpack(fer_plus, source, folder)) == 14
    assert len(contents(folder)) == 14 + 1


def test_a_file_that_was_just_written_is_read_again(source, tmp_path, monkeypatch):
    folder = unpacked_folder(source, tmp_path / "kept")
    monkeypatch.setattr(signatures, "TICK_NS", 3600 * 1_000_000_000)
    unpack(fer_plus, source, folder)
    before = inodes(folder)
    unpack(fer_plus, source, folder)
    assert inodes(folder) != before


def test_two_unpackings_are_equal_byte_by_byte(source, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        unpack(fer_plus, source, folder)
    assert contents(folders[0]) == contents(folders[1])


def test_a_broken_archive_leaves_what_was_unpacked_before_and_nothing_else(source, tmp_path):
    folder = unpacked_folder(source, tmp_path / "kept")
    unpack(fer_plus, source, folder)
    before = contents(folder)
    with (source / "fer2013.csv").open("a") as file:
        file.write('1,"1 2 3')
    with pytest.raises(UserError, match="broken"):
        unpack(fer_plus, source, folder)
    assert contents(folder) == before and os.listdir(folder.parent) == [folder.name]


def test_ingest_reads_an_archive_like_a_folder(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with (source / "fer2013.csv").open("a") as file:
        file.write("1,1 2 3,Training\n")  # a broken record
    with (source / "fer2013new.csv").open("a") as file:
        file.write(f"Training,,{VOTES[0]}\n")
    values = {"source": "fer", "layout": "auto", "max_pixels": 10_000}
    params = IngestParams(**values, max_rejected_fraction=0.2, class_names={}, classes=None)
    kept = Path(".fer3d")
    runs = [
        ingest_dataset(Path("fer"), Path("out", str(i)), params, Settings(workers=1), kept)
        for i in range(2)
    ]
    assert (
        runs[0]
        == runs[1]
        == {
            "files": 16,
            "images": 10,
            "rejected": 6,
            "rejected_by_reason": {"no_majority": 5, "not_an_image": 1},
            "per_class": {"anger": 5, "happiness": 5},
        }
    )
    frame = manifest.read(Path("out/0/manifest.parquet"))
    assert frame["votes"][0] == [("anger", 0), ("happiness", 7)]
    root = SourceParams(source="fer", layout="auto", max_pixels=1).root
    assert all((root / path).is_file() for path in frame["path"])
