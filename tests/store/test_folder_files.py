"""A store in a folder that a group shares."""

import os
import resource
import signal
import stat
from contextlib import contextmanager

import pytest

from fer3d.store.folder_files import FolderFiles
from fer3d.store.objects import open_store

BLOBS = {"ab/one": b"1" * 100, "cd/two": b"2" * 100}


@contextmanager
def umask(mask: int):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("mask", "file", "folder"), [(0o002, 0o664, 0o775), (0o027, 0o640, 0o750)])
def test_modes_are_those_that_the_umask_leaves(tmp_path, objects, mask, file, folder):
    with umask(mask):
        open_store(str(tmp_path / "store")).write_many("test 1", objects)
    written = list((tmp_path / "store").rglob("*"))
    assert {mode(path) for path in written if path.is_file()} == {file}
    assert {mode(path) for path in written if path.is_dir()} == {folder}
    assert mode(tmp_path / "store") == folder


def test_a_setgid_folder_hands_its_group_down(tmp_path):
    group = os.getegid() + 1 if os.geteuid() == 0 else os.getegid()
    os.chown(tmp_path, -1, group)
    tmp_path.chmod(0o2775)
    with umask(0o002):
        FolderFiles(str(tmp_path)).write(BLOBS)
    for path in tmp_path.rglob("*"):
        assert path.stat().st_gid == group
        assert mode(path) == (0o2775 if path.is_dir() else 0o664)


def test_another_member_of_the_group_may_replace_and_set_aside(shared_folder):
    if os.geteuid() != 0:
        pytest.skip("needs a second user")
    group = 4242
    os.chown(shared_folder, -1, group)
    shared_folder.chmod(0o2775)
    files = FolderFiles(str(shared_folder))
    with umask(0o002):
        files.write(BLOBS)
        os.setegid(group)
        os.seteuid(65534)
        try:
            assert files.write({"ab/one": b"again"}) == [None]
            assert files.set_aside({"cd/two": BLOBS["cd/two"]}, ".damaged") == [None]
            assert files.remove(["cd/two.damaged"]) == [None]
        finally:
            os.seteuid(0)
            os.setegid(0)
    assert files.read(["ab/one", "cd/two"]) == [b"again", None]


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    """A full disk, simulated by the limit of file sizes of this process."""

    files = FolderFiles(str(tmp_path))
    files.write(BLOBS)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
    try:
        errors = files.write({"ab/one": b"x" * 5000, "ab/small": b"y"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    assert "too large" in str(errors[0]) and errors[1] is None
    assert files.read(["ab/one"]) == [BLOBS["ab/one"]]  # the old one is whole
    assert sorted(os.listdir(tmp_path / "ab")) == ["one", "small"]


def test_a_removed_file_may_be_removed_again(tmp_path):
    files = FolderFiles(str(tmp_path))
    files.write(BLOBS)
    assert files.remove(["ab/one", "ab/one", "ef/three"]) == [None] * 3
    assert files.folders() == ["ab", "cd"]
    assert list(files.entries("ab")) == []
    assert [entry.name for entry in files.entries("cd")] == ["cd/two"]
