import pytest

from fer3d.datasets.entries import Entry
from fer3d.datasets.layout import image_root, read_layout
from fer3d.errors import UserError

LIST = "path,label\nfaces/1.jpg,fear\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sad").mkdir()
    (tmp_path / "sad/1.jpg").write_bytes(b"x")
    return tmp_path


def test_a_folder(folder):
    layout = read_layout(folder)
    assert (layout.root, layout.entries) == (folder, [Entry("sad/1.jpg", "sad")])


def test_a_list_that_is_named(folder):
    (folder / "mine.csv").write_text(LIST)
    layout = read_layout(folder / "mine.csv")
    assert (layout.root, layout.entries) == (folder, [Entry("faces/1.jpg", "fear")])
    assert image_root(folder / "mine.csv") == image_root(folder) == folder


def test_a_list_in_a_folder_goes_by_its_name(folder):
    (folder / "labels.csv").write_text(LIST)
    assert read_layout(folder).entries == [Entry("sad/1.jpg", "sad")]
    (folder / "images.csv").write_text(LIST)
    assert read_layout(folder).entries == [Entry("faces/1.jpg", "fear")]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "is missing"),
        ("sad/1.jpg", "not a folder and not a list"),
        ("empty", "has no class folders"),
        ("hollow", "its class folders are empty"),
        ("two", "images.csv and images.parquet: keep one"),
    ],
)
def test_what_is_no_data_set_is_explained(folder, name, message):
    (folder / "empty").mkdir()
    (folder / "hollow/fear").mkdir(parents=True)
    (folder / "two").mkdir()
    (folder / "two/images.csv").write_text(LIST)
    (folder / "two/images.parquet").write_text(LIST)
    with pytest.raises(UserError, match=message):
        read_layout(folder / name)
