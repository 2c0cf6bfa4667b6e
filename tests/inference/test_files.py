"""Expansion of paths to image files."""

from pathlib import Path

import pytest

from fer3d.errors import UserError
from fer3d.inference.files import image_files


def test_folders_are_searched_at_any_depth_and_come_sorted(tmp_path: Path):
    inner = tmp_path / "faces" / "2024 [a]"
    inner.mkdir(parents=True)
    for name in ("b.png", "a.PNG", ".c.png", "notes.txt"):
        (inner / name).touch()
    (tmp_path / "faces" / "z.jpg").touch()
    named = tmp_path / "named.txt"
    expected = [inner / "a.PNG", inner / "b.png", tmp_path / "faces" / "z.jpg", named]
    assert image_files([tmp_path / "faces", named]) == expected


def test_a_folder_without_images_is_an_error(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(UserError, match=r"contains no image files \(.apng, "):
        image_files([tmp_path])
