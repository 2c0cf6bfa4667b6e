import pytest

from fer3d.datasets.class_folders import read_folder
from fer3d.datasets.entries import Entry
from fer3d.errors import UserError


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")


def test_class_folders(tmp_path):
    touch(tmp_path, "happy/b.jpg", "happy/a.png", "sad/a.jpg")
    (tmp_path / "empty").mkdir()
    assert read_folder(tmp_path) == [
        Entry("happy/a.png", "happy"),
        Entry("happy/b.jpg", "happy"),
        Entry("sad/a.jpg", "sad"),
    ]


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train", "validation"), ("train", "validation")),
        (("Training", "VAL", "Testing"), ("train", "validation", "test")),
        (("train", "valid", "test"), ("train", "validation", "test")),
    ],
)
def test_split_folders_under_their_usual_names(tmp_path, names, splits):
    touch(tmp_path, *(f"{name}/fear/1.jpg" for name in names))
    got = {entry.path.split("/")[0]: entry.split for entry in read_folder(tmp_path)}
    assert got == dict(zip(names, splits, strict=True))


def test_hidden_files_and_leftovers_are_no_images(tmp_path):
    touch(tmp_path, "fear/1.jpg", "fear/.DS_Store", "fear/Thumbs.db", ".git/x", "__MACOSX/fear/1")
    touch(tmp_path, "README.md", "licence.txt")
    assert [entry.path for entry in read_folder(tmp_path)] == ["fear/1.jpg"]


def test_any_file_in_a_class_folder_is_an_entry(tmp_path):
    touch(tmp_path, "fear/notes.txt")
    (tmp_path / "fear/gone.jpg").symlink_to(tmp_path / "nothing")
    assert [entry.path for entry in read_folder(tmp_path)] == ["fear/gone.jpg", "fear/notes.txt"]


def test_a_loop_of_links_ends_in_an_error(tmp_path):
    touch(tmp_path, "fear/1.jpg")
    (tmp_path / "fear/again").symlink_to(tmp_path)
    with pytest.raises(UserError, match="has subfolders"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["README.md"], "no class folders"),
        (["train/1.txt", "test/fear/1.jpg"], "train has no class folders"),
        (["train/fear/1.jpg", "fear/1.jpg"], "beside 'fear'.*not both"),
        (["a.jpg", "fear/1.jpg"], "a.jpg is outside the class folders"),
        (["train/a.JPG", "train/fear/1.jpg"], "a.JPG is outside the class folders"),
        (["set/train/fear/1.jpg"], "class folder .*set has subfolders .train."),
    ],
)
def test_what_is_no_layout_is_explained(tmp_path, paths, message):
    touch(tmp_path, *paths)
    with pytest.raises(UserError, match=message):
        read_folder(tmp_path)


def test_a_link_to_nothing_is_a_file_in_a_class_and_an_error_as_a_class(tmp_path):
    touch(tmp_path, "fear/1.jpg")
    (tmp_path / "fear/itself").symlink_to("itself")
    assert [entry.path for entry in read_folder(tmp_path)] == ["fear/1.jpg", "fear/itself"]
    (tmp_path / "joy").symlink_to("/not/mounted/joy")
    with pytest.raises(UserError, match="joy is a link to nothing: mount what it leads to"):
        read_folder(tmp_path)


def test_a_nameless_class_is_an_error(tmp_path):
    touch(tmp_path, "fear/1.jpg", "\u200b/1.jpg")
    with pytest.raises(UserError, match=r"class folder without a name: '\\u200b'"):
        read_folder(tmp_path)


def test_a_name_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "fear").mkdir()
    try:
        open(bytes(tmp_path / "fear") + b"/\xff.jpg", "wb").close()
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    with pytest.raises(UserError, match="not UTF-8: rename it"):
        read_folder(tmp_path)
