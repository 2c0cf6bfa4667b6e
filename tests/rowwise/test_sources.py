from pathlib import Path

import numpy as np
import pytest

from fer3d.errors import UserError
from fer3d.files.digests import sha1_bytes
from fer3d.rowwise.sources import FileSource


def source(root: Path, sizes: list[tuple[int, int]], pixels: int = 10**6) -> FileSource:
    paths = [f"{i}.bin" for i in range(len(sizes))]
    for path in paths:
        (root / path).write_bytes(path.encode())
    sha1s = [sha1_bytes(path.encode()) for path in paths]
    return FileSource(root, paths, sha1s, np.array(sizes).reshape(-1, 2), pixels)


def groups(files: FileSource, rows: list[int], most: int) -> list[list[int]]:
    return [group.tolist() for group in files.groups(np.array(rows, int), most)]


def test_images_of_one_size_come_together_and_no_row_is_lost(tmp_path):
    files = source(tmp_path, [(2, 2), (9, 9), (2, 2), (9, 9), (2, 3)])
    assert groups(files, [0, 1, 2, 3, 4], 2) == [[0, 2], [4, 1], [3]]
    assert groups(files, [1, 2, 4], 8) == [[2, 4, 1]]
    assert groups(files, [], 8) == []


def test_a_group_has_no_more_pixels_than_allowed_but_one_image_always_fits(tmp_path):
    files = source(tmp_path, [(10, 10)] * 4 + [(50, 50)], pixels=250)
    assert groups(files, [0, 1, 2, 3, 4], 64) == [[0, 1], [2, 3], [4]]


def test_a_part_holds_its_own_files_alone(tmp_path):
    part = source(tmp_path, [(1, 1)] * 3).part(np.array([2, 0]))
    assert [file.tobytes() for file in part.read()["file"]] == [b"2.bin", b"0.bin"]
    assert part.read()["path"] == (tmp_path / "2.bin", tmp_path / "0.bin")


def test_a_file_that_changed_is_named(tmp_path):
    part = source(tmp_path, [(1, 1)] * 3).part(np.array([1]))
    (tmp_path / "1.bin").write_bytes(b"other")
    with pytest.raises(UserError, match=r"1\.bin has changed"):
        part.read()
