"""Shards of WebDataset, valid and invalid."""

import io
import pickle
import tarfile
from pathlib import Path

import pytest

from fer3d.datasets.entries import Entry
from fer3d.datasets.layout import Layout, read_layout
from fer3d.errors import UserError


def shard(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def read(source: Path, name: str = "auto") -> Layout:
    return read_layout(source, name, source.parent / "kept")


def test_samples_are_read_in_the_order_of_the_shards(tmp_path):
    source = tmp_path / "faces"
    shard(source / "faces-val-000000.tar", {"9.png": b"c", "9.cls": b"fear\n"})
    shard(
        source / "train/faces-000000.tar",
        {"1.jpg": b"a", "1.cls": b"anger", "2.input.JPG": b"b", "2.cls": b"fear"},
    )
    layout = read(source)
    assert layout.entries == [
        Entry("00000-faces-val-000000/0000000.png", "fear", "validation"),
        Entry("00001-faces-000000/0000000.jpg", "anger", "train"),
        Entry("00001-faces-000000/0000001.jpg", "fear", "train"),
    ]
    assert [(layout.root / e.path).read_bytes() for e in layout.entries] == [b"c", b"a", b"b"]


def test_labels_may_be_numbers_with_names_or_values_in_json(tmp_path):
    files = {
        "1.jpg": b"a",
        "1.json": b'{"label": 1, "subject": 7}',
        "2.jpg": b"b",
        "2.txt": b"joy",
        "3.jpg": b"c",
        "3.json": b'{"label": 0}',
        "3.cls": b"1",
    }
    shard(tmp_path / "faces/00.tar", files)
    (tmp_path / "faces/classnames.txt").write_text("anger\nfear\n")
    entries = read(tmp_path / "faces").entries
    assert [(e.label, e.subject) for e in entries] == [("fear", "7"), ("joy", None), ("fear", None)]
    alone = read(shard(tmp_path / "any.tar.gz", files, "w:gz")).entries
    assert [e.label for e in alone] == ["1", "joy", "1"]


def test_samples_without_label_or_image_are_counted_not_lost(tmp_path):
    files = {"1.cls": b"fear", "2.jpg": b"b", "3.jpg": b"c", "3.cls": b"-1", "4.jpg": b"d"}
    layout = read(shard(tmp_path / "00.tar", files | {"4.json": b"{broken"}))
    reasons = [entry.left_out for entry in layout.entries]
    assert reasons == [None, "no_label", "no_label", "no_label"]
    assert (layout.root / layout.entries[0].path).read_bytes() == b""  # rejected as empty


@pytest.mark.parametrize("label", [b"null", b"NaN", b'"\\u200b"', b'""', b"-1"])
def test_a_label_that_is_none_is_no_class(tmp_path, label):
    files = {"1.jpg": b"a", "1.json": b'{"label": %b}' % label}
    assert read(shard(tmp_path / "00.tar", files)).entries[0].left_out == "no_label"


def test_shards_that_macos_leaves_beside_others_are_not_read(tmp_path):
    shard(tmp_path / "faces/train-000000.tar", {"1.jpg": b"a", "1.cls": b"x"})
    (tmp_path / "faces/._train-000000.tar").write_bytes(b"\0\x05\x16\x07")
    assert len(read(tmp_path / "faces").entries) == 1


def test_files_that_macos_puts_between_the_samples_are_not_read(tmp_path):
    files = {"._1.jpg": b"\0", "1.jpg": b"a", "._1.cls": b"\0", "1.cls": b"joy", "2.jpg": b"b"}
    layout = read(shard(tmp_path / "00.tar", files | {"._2.cls": b"\0", "2.cls": b"fear"}))
    assert [(e.label, e.left_out) for e in layout.entries] == [("joy", None), ("fear", None)]


def test_no_name_in_an_archive_is_written_to_and_links_are_not_followed(tmp_path):
    path = tmp_path / "deep/er/00.tar"
    shard(path, {"../../evil.jpg": b"a", "../../evil.cls": b"x", "/etc/b.jpg": b"b"})
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("../../evil.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    layout = read(path)
    assert [entry.path for entry in layout.entries] == [
        "00000-00/0000000.jpg",
        "00000-00/0000001.jpg",
    ]
    assert not list(tmp_path.rglob("evil*"))


def test_a_pickle_is_refused_and_not_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    path = shard(tmp_path / "00.tar", {"1.jpg": b"a", "1.pkl": pickle.dumps(Bomb())})
    with pytest.raises(UserError, match=r"sample /1 has its label in a pickle \(.pkl\)"):
        read(path)
    assert not (tmp_path / "ran").exists()


def test_broken_shards_are_named(tmp_path):
    path = shard(tmp_path / "00.tar", {"1.jpg": b"a" * 5000, "1.cls": b"x"})
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(UserError, match=r"00.tar is a broken archive: unexpected end of data"):
        read(path)
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match=r"00.tar is a broken archive"):
        read(path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"1.jpg": b"a", "1.png": b"b", "1.cls": b"0"},
            "sample /1 has 2 image files, expected one",
        ),
        (
            {"KA.AN1.jpg": b"a", "KA.AN1.cls": b"0", "KA.FE1.jpg": b"b", "KA.FE1.cls": b"1"},
            "sample /KA has 2 image files, expected one; the name of a sample ends at its first",
        ),
        ({"1.jpg": b"a", "1.a.cls": b"0", "1.b.cls": b"1"}, "sample /1 has 2 .cls files"),
        ({"1.jpg": b"a", "1.cls": b"2"}, "has the label 2, classnames.txt has 1 names"),
        ({"1.jpg": b"a", "1.json": b'{"label": [1, 2]}'}, r"has the label \[1, 2\], expected one"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, files, message):
    (tmp_path / "classnames.txt").write_text("anger\n")
    with pytest.raises(UserError, match=message) as caught:
        read(shard(tmp_path / "00.tar", files))
    assert "\n" not in str(caught.value)


def test_an_archive_beside_class_folders_is_no_data_set(tmp_path):
    shard(tmp_path / "original.tar", {"1.jpg": b"a", "1.cls": b"x"})
    for label in ("anger", "fear"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.jpg").touch()
    assert [e.label for e in read_layout(tmp_path).entries] == ["anger", "fear"]
    with pytest.raises(UserError, match=r"has no shards such as train-000000.tar"):
        read(tmp_path / "anger", "webdataset")
