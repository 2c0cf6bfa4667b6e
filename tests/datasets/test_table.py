import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer3d.datasets.entries import Entry
from fer3d.datasets.table import read_table
from fer3d.errors import UserError


@pytest.fixture(params=["csv", "parquet"])
def write(request, tmp_path):
    """Write columns as a list of either kind."""

    def to_list(**columns):
        path = tmp_path / f"list.{request.param}"
        frame = pd.DataFrame(columns)
        getattr(frame, f"to_{request.param}")(path, index=False)
        return path

    return to_list


def test_all_columns(write):
    path = write(
        path=["a/1.jpg", "./b.jpg"],
        label=["fear", " sad "],
        split=["Training", "test"],
        subject=["s1", "s2"],
        age=[30, 40],
    )
    assert read_table(path) == [
        Entry("a/1.jpg", "fear", "train", "s1"),
        Entry("b.jpg", "sad", "test", "s2"),
    ]


def test_optional_columns_may_be_missing_or_empty(write):
    path = write(path=["a.jpg", "b.jpg"], label=["x", "y"], subject=[None, "s1"])
    assert read_table(path) == [Entry("a.jpg", "x"), Entry("b.jpg", "y", subject="s1")]


def test_labels_and_subjects_may_be_numbers_or_read_like_missing_values(write):
    assert read_table(write(path=["a.jpg"], label=[3], subject=[7])) == [
        Entry("a.jpg", "3", None, "7")
    ]
    assert read_table(write(path=["a.jpg"], label=["NA"]))[0].label == "NA"


def test_parquet_categories_are_texts(tmp_path):
    frame = pd.DataFrame({"path": ["a", "b"], "label": pd.Categorical(["fear", "sad"])})
    frame["extra"] = [[1, 2], [3]]
    frame.to_parquet(tmp_path / "list.parquet")
    assert [entry.label for entry in read_table(tmp_path / "list.parquet")] == ["fear", "sad"]


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (pd.array([1, 2], dtype="Int64"), ["1", "2"]),
        (pd.array([True, False], dtype="boolean"), ["true", "false"]),
        (pd.array([1.0, 2.5], dtype="Float64"), ["1", "2.5"]),
        (pd.array([1, 2], dtype=pd.ArrowDtype(pa.int8())), ["1", "2"]),
        (pd.array([1, 2], dtype=pd.ArrowDtype(pa.decimal128(4, 1))), ["1", "2"]),
        (pd.array(["a", "b"], dtype=pd.ArrowDtype(pa.large_string())), ["a", "b"]),
        (pd.array([b"a", b"b"], dtype=pd.ArrowDtype(pa.binary())), ["a", "b"]),
        (pd.array(["a", "b"], dtype="string"), ["a", "b"]),
        (pd.Series([3, 4]).convert_dtypes(), ["3", "4"]),
        (pd.Categorical([4, 3]), ["4", "3"]),
        (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
        (pa.array([1, 2]).dictionary_encode(), ["1", "2"]),
        (pa.array([1.0, 2.0], pa.float16()), ["1", "2"]),
    ],
    ids=lambda value: str(getattr(value, "dtype", getattr(value, "type", ""))),
)
def test_labels_of_every_type_are_texts(tmp_path, values, read):
    path = tmp_path / "list.parquet"
    if isinstance(values, pa.Array):
        pq.write_table(pa.table({"path": ["a", "b"], "label": values}), path)
    else:
        pd.DataFrame({"path": ["a", "b"], "label": values}).to_parquet(path)
    assert [entry.label for entry in read_table(path)] == read


@pytest.mark.parametrize("missing", [None, float("nan")])
@pytest.mark.parametrize("dtype", ["float64", "Float64", "Int64", "category", "double[pyarrow]"])
def test_a_missing_label_of_any_type_names_the_row(tmp_path, dtype, missing):
    frame = pd.DataFrame({"path": ["a", "b"], "label": pd.Series([1, missing], dtype=dtype)})
    frame.to_parquet(tmp_path / "list.parquet")
    with pytest.raises(UserError, match=r"row 2 has no label$"):
        read_table(tmp_path / "list.parquet")


def test_labels_that_are_no_single_value_are_one_line(tmp_path):
    frame = pd.DataFrame({"path": ["a"], "label": [[1, 2]]})
    frame.to_parquet(tmp_path / "list.parquet")
    with pytest.raises(UserError, match=r"cannot be read as a list: Unsupported cast from list"):
        read_table(tmp_path / "list.parquet")


def test_whole_floats_of_a_csv_are_numbers_of_classes(tmp_path):
    (tmp_path / "list.csv").write_text("path,label,subject\na.jpg,3.0,\nb.jpg,4.0,7.0\n")
    assert read_table(tmp_path / "list.csv") == [
        Entry("a.jpg", "3"),
        Entry("b.jpg", "4", None, "7"),
    ]


def test_header_case_and_byte_order_mark_do_not_matter(tmp_path):
    (tmp_path / "list.csv").write_text("Path, LABEL\na.jpg,fear\n", encoding="utf-8-sig")
    assert read_table(tmp_path / "list.csv") == [Entry("a.jpg", "fear")]


def test_an_absolute_path_is_taken_as_it_is(write):
    assert read_table(write(path=["/faces/a.jpg"], label=["fear"]))[0].path == "/faces/a.jpg"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"path": ["a"], "class": ["x"]}, "no column 'label'.*got path, class"),
        ({"file": ["a"], "label": ["x"]}, "no column 'path'"),
        ({"path": ["a", ""], "label": ["x", "y"]}, "row 2 has no path"),
        ({"path": ["a", "b", "c"], "label": ["x", None, None]}, "row 2 has no label .2 such rows"),
        (
            {"path": ["a", "b", "./a"], "label": ["x", "x", "x"]},
            "row 3 repeats the path of an earlier row",
        ),
        (
            {"path": ["a", "x/../../b"], "label": ["x", "x"]},
            "row 2 has a relative path that leaves",
        ),
        ({"path": ["a"], "label": ["x"], "split": ["fold1"]}, "row 1 has an unknown split .known"),
        (
            {"path": ["a", "b"], "label": ["x", "x"], "split": ["train", ""]},
            "row 2 has no split, but other rows have one",
        ),
        ({"path": [], "label": []}, "has no rows"),
        ({"path": ["a"], "label": ["x"], "Label": ["y"]}, "the column 'label' twice"),
    ],
)
def test_a_bad_list_names_the_column_or_the_row(write, columns, message):
    with pytest.raises(UserError, match=message):
        read_table(write(**columns))


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_list_without_commas_says_that_commas_are_expected(tmp_path, sign, name):
    (tmp_path / "list.csv").write_text(f"path{sign}label\na.jpg{sign}fear\n")
    with pytest.raises(UserError, match=f"separated by commas instead of {name}"):
        read_table(tmp_path / "list.csv")


@pytest.mark.parametrize("name", ["list.csv", "list.parquet"])
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b'path,label\n"a'])
def test_a_broken_list_is_no_traceback(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match="cannot be read as a list") as caught:
        read_table(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_votes_are_read_by_label(write):
    path = write(
        path=["a", "b"],
        label=["Fear", "sad"],
        votes_fear=["9", ""],
        **{"VOTES_sad ": [1, 0.5], "p_value": ["x", "y"]},
    )
    assert [entry.votes for entry in read_table(path)] == [
        {"Fear": 9, "sad": 1},
        {"Fear": 0, "sad": 0.5},
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"p_fear": [0.5, 0.5]}, "no column of votes for 'sad': expected one for each label$"),
        ({"p_fear": [1, 1], "p_sad": [1, 1], "votes_sad": [1, 1]}, "two columns of votes for"),
        ({"p_fear": [1, 1], "p_sad": [1, -1]}, "row 2 has votes that are not numbers of 0 or"),
        ({"p_fear": [1, 1], "p_sad": ["many", "1"]}, "row 1 has votes that are not numbers"),
    ],
)
def test_wrong_votes_are_refused(write, columns, message):
    with pytest.raises(UserError, match=message):
        read_table(write(path=["a", "b"], label=["fear", "sad"], **columns))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a, b.jpg,fear\n", "the first row has more fields than the header: quote a path"),
        ("a.jpg,fear\nb, c.jpg,sad\n", "Expected 2 fields in line 3, saw 3"),
    ],
)
def test_a_comma_in_a_path_needs_quotes(tmp_path, rows, message):
    """Without them the rest of the path would be the label."""
    (tmp_path / "list.csv").write_text(f"path,label\n{rows}")
    with pytest.raises(UserError, match=message):
        read_table(tmp_path / "list.csv")
    (tmp_path / "list.csv").write_text('path,label\n"a, b.jpg",fear\n')
    assert read_table(tmp_path / "list.csv") == [Entry("a, b.jpg", "fear")]
