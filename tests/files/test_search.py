"""What a search of a folder finds, and what it says about the rest."""

import os
from pathlib import Path

from fer3d.files.search import search


def made(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_links_are_followed_and_junk_is_not_seen(tmp_path):
    made(tmp_path / "real", "sad/1.jpg", "sad/._1.jpg", "2.JPE", "@eaDir/3.jpg", ".hidden/4.jpg")
    folder = made(tmp_path / "set", "5.png")
    (folder / "linked").symlink_to("../real")
    (folder / "6.png").symlink_to("/nowhere/6.png")
    os.mkfifo(folder / "7.png")
    found = search(folder)
    names = [path.relative_to(folder).as_posix() for path in found.images]
    assert names == ["5.png", "6.png", "7.png", "linked/2.JPE", "linked/sad/1.jpg"]
    assert list(found.passed_over()) == []


def test_a_link_to_a_folder_above_ends_there_and_is_named(tmp_path):
    folder = made(tmp_path / "set", "sad/1.jpg")
    (folder / "sad/again").symlink_to("..")
    (folder / "sad/itself").symlink_to("itself")
    found = search(folder)
    assert [path.name for path in found.images] == ["1.jpg"]
    (line, other) = found.passed_over()
    assert line == f"{folder}/sad/again is passed over: a link to a folder that contains it"
    assert other.endswith(f"passed over ({folder}/sad/itself)")


def test_other_files_are_counted_and_some_are_named(tmp_path):
    folder = made(tmp_path, "1.jpg", "a.psd", "b.txt", "c.mp4", "d")
    (line,) = search(folder).passed_over()
    names = ", ".join(f"{folder}/{name}" for name in ("a.psd", "b.txt", "c.mp4"))
    assert line == f"4 files without the suffix of an image: passed over ({names}, ...)"


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    folder = made(tmp_path / "set", "1.jpg", "closed/2.jpg")
    listed = os.listdir

    def forbidden(place):  # permissions do not bind the administrator
        if Path(place).name == "closed":
            raise PermissionError(13, "Permission denied", str(place))
        return listed(place)

    monkeypatch.setattr(os, "listdir", forbidden)
    found = search(folder)
    assert [path.name for path in found.images] == ["1.jpg"]
    assert list(found.passed_over()) == [f"{folder}/closed is passed over: Permission denied"]
