import pandas as pd
import pytest

from fer3d.errors import UserError
from fer3d.files import manifest


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["b.jpg", "a.jpg"],
            "path": ["b.jpg", "a.jpg"],
            "label": ["happiness", "anger"],
            "sha1": ["0" * 40, "1" * 40],
            "split": [None, "test"],
            "width": [48, 128],
            "height": [48, 128],
        }
    )


def test_what_is_written_is_read_sorted_by_id(frame, tmp_path):
    manifest.write(frame, tmp_path / "m.parquet")
    got = manifest.read(tmp_path / "m.parquet")
    assert got["id"].tolist() == ["a.jpg", "b.jpg"]
    assert got["label"].tolist() == ["anger", "happiness"]
    assert got["split"].isna().tolist() == [False, True]
    assert got["width"].dtype == "int32"


def test_votes_are_read_as_they_were_written(frame, tmp_path):
    votes = [[("anger", 1.0), ("happiness", 9.0)], None]
    manifest.write(frame.assign(votes=votes), tmp_path / "one.parquet")
    got = manifest.read(tmp_path / "one.parquet")
    assert got["votes"].tolist() == votes[::-1]
    manifest.write(got, tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_row_and_column_order_do_not_change_the_bytes(frame, tmp_path):
    manifest.write(frame, tmp_path / "one.parquet")
    manifest.write(frame.iloc[::-1, ::-1], tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(id="same"), "must be unique, 'same'"),
        (lambda f: f.assign(mood=1), r"undeclared manifest columns \['mood'\]"),
        (lambda f: f.drop(columns="sha1"), r"\['sha1'\]"),
    ],
)
def test_a_malformed_manifest_is_not_written(frame, tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        manifest.write(change(frame), tmp_path / "m.parquet")
    assert list(tmp_path.iterdir()) == []


def test_reading_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="is missing: run `dvc repro`"):
        manifest.read(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("hello")
    with pytest.raises(UserError, match="not a Parquet manifest"):
        manifest.read(tmp_path / "text.parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(UserError, match="no column 'id'"):
        manifest.read(tmp_path / "other.parquet")


def test_an_empty_manifest_can_be_written(frame, tmp_path):
    manifest.write(frame.iloc[:0], tmp_path / "m.parquet")
    assert len(manifest.read(tmp_path / "m.parquet")) == 0


def test_tally_and_classes_are_alphabetical(frame):
    assert manifest.tally(frame["label"]) == {"anger": 1, "happiness": 1}
    assert manifest.classes(frame) == ["anger", "happiness"]


def test_an_image_of_an_unknown_subject_is_a_person_of_its_own(frame):
    frame = pd.concat([frame, frame.assign(id=["c.jpg", "d.jpg"])], ignore_index=True)
    people = manifest.people(frame.assign(subject=["s1", None, "s1", None]))
    assert people.to_dict() == {
        "b.jpg": "s1",
        "a.jpg": "image a.jpg",
        "c.jpg": "s1",
        "d.jpg": "image d.jpg",
    }
