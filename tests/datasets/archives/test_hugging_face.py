"""Data sets of Hugging Face in both forms, valid and invalid."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer3d.datasets.entries import Entry
from fer3d.datasets.layout import Layout, read_layout
from fer3d.errors import UserError

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
FEATURES = {
    "image": {"_type": "Image"},
    "label": {"names": ["anger", "fear"], "_type": "ClassLabel"},
}


def table(labels: list, features: dict | None = FEATURES, **columns: list) -> pa.Table:
    """Rows with images of one byte each, the number of the row."""
    images = [{"bytes": bytes([i % 256]), "path": f"face{i}.png"} for i in range(len(labels))]
    made = pa.table({"image": pa.array(images, IMAGE), "label": labels, **columns})
    about = json.dumps({"info": {"features": features}}) if features else "{}"
    return made.replace_schema_metadata({"huggingface": about})


def parquet(path: Path, rows: pa.Table) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path)
    return path


def saved(root: Path, **splits: pa.Table) -> Path:
    """A data set with these splits, as `datasets` saves it."""
    root.mkdir()
    (root / "dataset_dict.json").write_text(json.dumps({"splits": list(splits)}))
    for name, rows in splits.items():
        (root / name).mkdir()
        file = "data-00000-of-00001.arrow"
        (root / name / "state.json").write_text(json.dumps({"_data_files": [{"filename": file}]}))
        with pa.ipc.new_stream(root / name / file, rows.schema) as stream:
            stream.write_table(rows, max_chunksize=100)
    return root


def read(source: Path, name: str = "auto") -> Layout:
    return read_layout(source, name, source.parent / "kept")


def test_the_parquet_files_of_a_repository_are_read(tmp_path):
    data = tmp_path / "faces/data"
    parquet(data / "train-00000-of-00002.parquet", table([0, 1]))
    parquet(data / "train-00001-of-00002.parquet", table([1]))
    parquet(data / "test-00000-of-00001.parquet", table([0], subject=["s1"]))
    layout = read(tmp_path / "faces")
    assert layout.entries == [
        Entry("00000-test-00000-of-00001/0000000.png", "anger", "test", "s1"),
        Entry("00001-train-00000-of-00002/0000000.png", "anger", "train"),
        Entry("00001-train-00000-of-00002/0000001.png", "fear", "train"),
        Entry("00002-train-00001-of-00002/0000000.png", "fear", "train"),
    ]
    assert (layout.root / layout.entries[2].path).read_bytes() == b"\x01"


def test_older_names_of_shards_end_with_a_hash(tmp_path):
    data = tmp_path / "faces/data"
    parquet(data / "train-00000-of-00002-a09b74b3ef9c3b56.parquet", table([0]))
    parquet(data / "train-00001-of-00002-7d1cd2ff0a9b1c3e.parquet", table([1]))
    last = parquet(data / "test-00000-of-00001-00ff00ff00ff00ff.parquet", table([0]))
    assert [entry.split for entry in read(tmp_path / "faces").entries] == ["test", "train", "train"]
    last.rename(last.with_name("test-00000-of-00002-00ff00ff00ff00ff.parquet"))
    with pytest.raises(UserError, match=r"test-00001-of-00002\.parquet is missing"):
        read(tmp_path / "faces")


def test_of_several_columns_of_classes_the_known_name_has_the_labels(tmp_path):
    gender = {"gender": {"names": ["female", "male"], "_type": "ClassLabel"}}
    image, label = FEATURES["image"], FEATURES["label"]
    rows = table([0, 1], {"image": image, **gender, "label": label}, gender=[1, 0])
    rows = rows.select(["image", "gender", "label"])
    file = parquet(tmp_path / "faces/train-00000-of-00001.parquet", rows)
    assert [entry.label for entry in read(tmp_path / "faces").entries] == ["anger", "fear"]
    rows = table([0, 1], {"image": image, **gender, "mood": label}, gender=[1, 0], mood=[0, 1])
    parquet(file, rows.drop_columns("label"))
    with pytest.raises(
        UserError, match=r"several columns of classes \(gender, mood\): name the on"
    ):
        read(tmp_path / "faces")


def test_a_data_set_that_was_saved_to_disk_is_read(tmp_path):
    source = saved(tmp_path / "faces", train=table([0, 1] * 150), validation=table([1]))
    layout = read(source)
    assert [e.label for e in layout.entries] == ["anger", "fear"] * 150 + ["fear"]
    assert layout.entries[-1].split == "validation"
    assert (layout.root / layout.entries[299].path).read_bytes() == bytes([299 % 256])
    assert read(source / "train").entries[0].split is None


def test_labels_may_be_texts_and_folders_splits(tmp_path):
    rows = table(["joy", "sad"], features=None).rename_columns(["photo", "emotion"])
    parquet(tmp_path / "faces/train/0.parquet", rows)
    entries = read(tmp_path / "faces").entries
    assert [(e.label, e.split) for e in entries] == [("joy", "train"), ("sad", "train")]
    alone = read(parquet(tmp_path / "all.parquet", rows)).entries
    assert [(e.label, e.split) for e in alone] == [("joy", None), ("sad", None)]


def test_rows_without_label_or_image_are_counted_not_lost(tmp_path):
    rows = table([0, -1, None, 1])
    images = [*rows["image"].to_pylist()[:3], None]
    rows = rows.set_column(0, "image", pa.array(images, IMAGE))
    layout = read(parquet(tmp_path / "train.parquet", rows))
    reasons = [entry.left_out for entry in layout.entries]
    assert reasons == [None, "no_label", "no_label", None]
    assert (layout.root / layout.entries[3].path).read_bytes() == b""  # rejected as empty


def test_labels_of_any_number_type_have_one_spelling(tmp_path):
    for values in (
        pa.array([1, 2, None], pa.float32()),
        pa.array([1, 2, float("nan")], pa.float64()),
        pa.array([1, 2, None], pa.decimal128(5, 2)),
        pa.array(["1", "\u200b2 ", "\u200b"]).dictionary_encode(),
    ):
        path = parquet(tmp_path / f"{values.type.id}/train.parquet", table(values, None))
        assert [e.label for e in read(path).entries] == ["1", "2", ""]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("dataset_dict.json", "[]", r"dict.json has no list 'splits'"),
        ("dataset_dict.json", '{"splits": null}', r"dict.json has no list 'splits'"),
        ("dataset_dict.json", '{"splits": [1]}', r"dict.json has no list 'splits'"),
        ("dataset_dict.json", "{", r"dict.json has no list 'splits'"),
        ("train/state.json", "{}", r"state.json has no list '_data_files'"),
        ("train/state.json", '{"_data_files": ["a.arrow"]}', r"has no list '_data_files'"),
        ("train/state.json", '{"_data_files": [{"filename": 1}]}', r"has no list '_data_files'"),
    ],
)
def test_a_broken_description_is_named(tmp_path, name, text, message):
    source = saved(tmp_path / "faces", train=table([0, 1]))
    (source / name).write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        read(source)
    assert "\n" not in str(caught.value)


def test_a_table_without_images_stays_a_list(tmp_path):
    parquet(tmp_path / "list.parquet", pa.table({"path": ["a", "b"], "label": ["x", "y"]}))
    assert [e.path for e in read_layout(tmp_path / "list.parquet").entries] == ["a", "b"]


def test_a_missing_part_is_named(tmp_path):
    parquet(tmp_path / "data/train-00001-of-00002.parquet", table([0]))
    with pytest.raises(UserError, match=r"train-00000-of-00002.parquet is missing: a part of"):
        read(tmp_path)
    source = saved(tmp_path / "faces", train=table([0, 1]))
    (source / "train/data-00000-of-00001.arrow").unlink()
    with pytest.raises(UserError, match=r"00000-of-00001.arrow is missing: .*state.json names"):
        read(source)
    (source / "train/state.json").unlink()
    with pytest.raises(UserError, match=r"state.json is missing"):
        read(source)
    with pytest.raises(UserError, match="has no Arrow or Parquet files"):
        read(tmp_path / "faces/train", "hugging-face")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (table([0, 2]), "has the label 2, but names for 2 labels"),
        (table([0]).rename_columns(["image", "score"]), "has no column of labels such as label"),
        (table([0]).drop_columns("image"), "has no column of images"),
        (table([[0, 1]]), r"has the label \[0, 1\], expected one text or number"),
        (table([["joy", "fear"]], None), r"expected one text or number"),
        (table(["fear"]), r"has the label 'fear', expected one text or number"),
        (table([0.5]), r"has the label 0.5, expected one text or number"),
        (
            table([0], {"label": {"_type": "ClassLabel", "names": {"0": "joy"}}}),
            r"has no list of names for the labels in 'label'",
        ),
        (
            pa.table({"image": [b"a"], "label": [0]}).replace_schema_metadata(
                {"huggingface": json.dumps({"info": {"features": FEATURES}})}
            ),
            r"has no column of images: expected a field `bytes`",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, rows, message):
    with pytest.raises(UserError, match=message) as caught:
        read(parquet(tmp_path / "train.parquet", rows), "hugging-face")
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_named(tmp_path):
    source = saved(tmp_path / "faces", train=table([0, 1]))
    file = source / "train/data-00000-of-00001.arrow"
    file.write_bytes(file.read_bytes()[:-300])
    with pytest.raises(UserError, match=r"00001.arrow cannot be read"):
        read(source)
    pointer = tmp_path / "repository/data/train-00000-of-00001.parquet"
    pointer.parent.mkdir(parents=True)
    pointer.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(UserError, match=r"train-00000-of-00001.parquet cannot be read"):
        read(tmp_path / "repository")
    path = parquet(tmp_path / "train.parquet", table([0, 1]))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"train.parquet cannot be read"):
        read(path, "hugging-face")
