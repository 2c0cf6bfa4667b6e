"""FER2013's table of pixels and FER+'s table of votes, valid and invalid."""

from pathlib import Path

import numpy as np
import pytest

from fer3d.datasets.layout import read_layout
from fer3d.errors import UserError
from fer3d.files.images import Rejected, decode

GREY = " ".join(map(str, range(16)))  # a picture of 4 px
FER = f"emotion,pixels,Usage\n0,{GREY},Training\n3,{GREY},PublicTest\n6,{GREY},PrivateTest\n"
ICML = f"emotion, Usage, pixels\n0,Training,{GREY}\n1,PublicTest,{GREY}\n"
NAMES = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
VOTES = (
    f"Usage,Image name,{NAMES}\n"
    "Training,fer0000000.png,0,0,0,1,8,0,0,1,0,0\n"
    "PublicTest,fer0000001.png,0,6,4,0,0,0,0,0,0,0\n"
    "PrivateTest,,0,0,0,0,0,0,0,0,0,10\n"
)


def made(root: Path, **files: str) -> Path:
    """A folder with CSV tables."""
    root.mkdir(exist_ok=True)
    for name, text in files.items():
        (root / f"{name}.csv").write_text(text)
    return root


def rows(source: Path, name: str = "auto") -> list[tuple]:
    kept = source.parent / f"{source.name}-kept"
    entries = read_layout(source, name, kept).entries
    return [(e.path, e.label, e.split, e.left_out) for e in entries]


def test_the_table_becomes_grey_images_with_labels_and_official_splits(tmp_path):
    source = made(tmp_path / "data", fer2013=FER)
    assert rows(source) == [
        ("0000/fer0000000.pgm", "anger", "train", None),
        ("0000/fer0000001.pgm", "happiness", "validation", None),
        ("0000/fer0000002.pgm", "neutral", "test", None),
    ]
    layout = read_layout(source, "auto", tmp_path / "kept")
    image = decode((layout.root / layout.entries[1].path).read_bytes())
    np.testing.assert_array_equal(image[..., 0], np.arange(16).reshape(4, 4))


def test_the_other_release_a_folder_inside_and_the_file_itself_are_read_too(tmp_path):
    labels = [("anger", "train"), ("disgust", "validation")]
    assert [row[1:3] for row in rows(made(tmp_path / "a", icml_face_data=ICML))] == labels
    made(tmp_path / "b")
    inside = made(tmp_path / "b/fer2013", fer2013=FER)
    assert rows(tmp_path / "b") == rows(inside) == rows(inside / "fer2013.csv")


def test_a_row_that_ends_early_is_a_broken_image(tmp_path):
    source = made(tmp_path / "data", fer2013=FER + "1\n")
    layout = read_layout(source, "fer2013", tmp_path / "kept")
    assert layout.entries[3].label == "disgust"
    assert (layout.root / layout.entries[3].path).read_bytes() == b""


def test_a_missing_emotion_is_no_label(tmp_path):
    source = made(tmp_path / "data", fer2013=FER + f",{GREY},Training\n")
    assert rows(source)[3] == ("0000/fer0000003.pgm", "", "train", "no_label")


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        ("", "empty"),
        ("1 2 3", "not_an_image"),  # not a square
        ("1 2 3 256", "not_an_image"),
        ("1 2 x 4", "not_an_image"),
    ],
)
def test_broken_pixels_are_left_for_the_decoder_to_reject(tmp_path, pixels, reason):
    source = made(tmp_path / "data", fer2013=FER + f"1,{pixels},Training\n")
    layout = read_layout(source, "fer2013", tmp_path / "kept")
    with pytest.raises(Rejected) as caught:
        decode((layout.root / layout.entries[3].path).read_bytes())
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FER.replace("pixels", "grey"), "fer2013.csv has no column 'pixels': expected emotion"),
        (FER + f"7,{GREY},Training\n", "row 4 has the emotion '7', expected 0 to 6"),
        (FER + f"1,{GREY},Later\n", "row 4 has the usage 'Later'; known: train,"),
        (FER + f'1,"{GREY},Training\n', "fer2013.csv is broken: .*EOF inside string"),
        (FER + f"1,{GREY},Training,more\n", "fer2013.csv is broken: .*4 fields|saw 4"),
        (FER + f"1.5,{GREY},Training\n", "row 4 has the emotion '1.5', expected 0 to 6"),
    ],
)
def test_what_is_wrong_with_the_table_is_said_in_one_line(tmp_path, text, message):
    with pytest.raises(UserError, match=message) as caught:
        rows(made(tmp_path / "data", fer2013=text))
    assert "\n" not in str(caught.value)


def test_votes_beside_the_table_give_label_votes_and_reasons(tmp_path):
    source = made(tmp_path / "data", fer2013=FER, fer2013new=VOTES)
    entries = read_layout(source, "auto", tmp_path / "kept").entries
    assert [e.label for e in entries] == ["anger", "happiness", ""]
    assert [e.split for e in entries] == ["train", "validation", "test"]
    counted = dict.fromkeys(NAMES.split(",")[:8], 0.0)
    assert entries[0].votes == counted | {"anger": 8}  # single votes do not count
    assert entries[1].votes == counted | {"happiness": 6, "surprise": 4}
    assert (entries[2].votes, entries[2].left_out) == (None, "no_face")
    assert [row[1] for row in rows(source, "fer2013")] == ["anger", "happiness", "neutral"]


@pytest.mark.parametrize(
    ("votes", "reason"),
    [
        ("5,5,0,0,0,0,0,0,0,0", "no_majority"),
        ("4,3,3,0,0,0,0,0,0,0", "no_majority"),
        ("1,1,1,1,1,1,1,1,1,1", "no_majority"),
        ("0,0,0,0,0,0,0,0,9,1", "uncertain"),
        ("2,0,0,0,0,0,0,0,0,8", "no_face"),
    ],
)
def test_images_without_a_majority_for_an_expression_are_left_out(tmp_path, votes, reason):
    last = VOTES.splitlines(keepends=True)[:-1]
    table = "".join(last) + f"PrivateTest,,{votes}\n"
    source = made(tmp_path / "data", fer2013=FER, fer2013new=table)
    assert rows(source)[2] == ("0000/fer0000002.pgm", "", "test", reason)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("".join(VOTES.splitlines(keepends=True)[:-1]), "new.csv has 2 rows, fer2013.csv has more"),
        (VOTES + "Training,,0,0,0,0,0,0,0,0,0,10\n", "new.csv has 4 rows, fer2013.csv has 3"),
        (VOTES.replace("contempt", "scorn"), "fer2013new.csv is not FER.'s table: .*contempt"),
        (VOTES.replace(",8,", ",many,"), "fer2013new.csv is not FER.'s table"),
        (VOTES.replace(",8,", ",-8,"), "fer2013new.csv is not FER.'s table: .*negative"),
        (VOTES.replace(",8,", f",{10**20},"), "fer2013new.csv is not FER.'s table"),
        (VOTES.replace(",8,", ",,"), "fer2013new.csv is not FER.'s table"),
    ],
)
def test_what_is_wrong_with_the_votes_is_said_in_one_line(tmp_path, table, message):
    with pytest.raises(UserError, match=message) as caught:
        rows(made(tmp_path / "data", fer2013=FER, fer2013new=table))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "files", "missing"),
    [
        ("fer2013", {}, "fer2013.csv"),
        ("fer+", {"fer2013": FER}, "fer2013new.csv"),
        ("auto", {"fer2013new": VOTES}, "fer2013.csv"),
    ],
)
def test_a_missing_table_is_named(tmp_path, name, files, missing):
    with pytest.raises(UserError, match=f"{missing} is missing"):
        rows(made(tmp_path / "data", **files), name)
