import pandas as pd
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
        ({"path": ["a", "b", "./a"], "label": ["x", "x", "x"]}, "row 3 names a file that an earl"),
        ({"path": ["a", "x/../../b"], "label": ["x", "x"]}, "row 2 has a path that leaves"),
        ({"path": ["a"], "label": ["x"], "split": ["fold1"]}, "row 1 has an unknown split .known"),
        (
            {"path": ["a", "b"], "label": ["x", "x"], "split": ["train", ""]},
            "row 2 has no split, but other rows have one",
        ),
        ({"path": [], "label": []}, "holds no rows"),
        ({"path": ["a"], "label": ["x"], "Label": ["y"]}, "the column 'label' twice"),
    ],
)
def test_a_bad_list_names_the_column_or_the_row(write, columns, message):
    with pytest.raises(UserError, match=message):
        read_table(write(**columns))


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_list_without_commas_says_that_commas_are_expected(tmp_path, sign, name):
    (tmp_path / "list.csv").write_text(f"path{sign}label\na.jpg{sign}fear\n")
    with pytest.raises(UserError, match=f"with commas between them, not {name}"):
        read_table(tmp_path / "list.csv")


@pytest.mark.parametrize("name", ["list.csv", "list.parquet"])
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b'path,label\n"a'])
def test_a_broken_list_is_no_traceback(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match="cannot be read as a list") as caught:
        read_table(tmp_path / name)
    assert "\n" not in str(caught.value)
