"""A file has its old or its new content, complete, if the writer fails at any time."""

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fer3d.files import atomic
from fer3d.files.atomic import (
    atomic_folder,
    atomic_path,
    current_umask,
    remove_leftovers,
    write_bytes,
)

KILLS = 25
WRITER = """
import sys
from pathlib import Path
from fer3d.files.atomic import atomic_folder, write_bytes
out = Path(sys.argv[1])
print("begins", flush=True)
while True:
    for digit in b"01":
        write_bytes(out / "file", bytes([digit]) * 100_000)
        with atomic_folder(out / "folder") as folder:
            for name in "abc":
                (folder / name).write_bytes(bytes([digit]) * 30_000)
"""


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_a_writer_killed_at_any_moment_leaves_old_or_new_content(tmp_path: Path) -> None:
    rng = random.Random(0)
    left = 0
    for _ in range(KILLS):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(rng.uniform(0.0, 0.1))
            os.kill(process.pid, signal.SIGKILL)
        left += len(leftovers(tmp_path))
        if (tmp_path / "file").exists():
            content = (tmp_path / "file").read_bytes()
            assert len(content) == 100_000 and len(set(content)) == 1
        if (tmp_path / "folder").exists():  # between two renames there is none
            contents = [(tmp_path / "folder" / name).read_bytes() for name in "abc"]
            assert len(set(contents)) == 1 and len(contents[0]) == 30_000
    assert left > 0, "no kill hit a writer at work"
    write_bytes(tmp_path / "file", b"")
    with atomic_folder(tmp_path / "folder"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_an_error_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    write_bytes(tmp_path / "file", b"old")
    with atomic_folder(tmp_path / "folder") as folder:
        (folder / "a").write_bytes(b"old")
    for context in (atomic_path(tmp_path / "file"), atomic_folder(tmp_path / "folder")):
        with pytest.raises(KeyError), context:
            raise KeyError
    assert (tmp_path / "file").read_bytes() == b"old"
    assert (tmp_path / "folder" / "a").read_bytes() == b"old"
    assert leftovers(tmp_path) == []


def test_leftovers_of_those_who_live_stay(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "file") as first, atomic_path(tmp_path / "file") as second:
        first.write_bytes(b"1")
        second.write_bytes(b"2")
    assert (tmp_path / "file").read_bytes() == b"1"  # the outer block ends last


@pytest.mark.parametrize("folder", [False, True])
def test_leftovers_of_the_dead_go_and_nothing_else(tmp_path: Path, folder: bool) -> None:
    dead = f".x.npy.{atomic._MACHINE}.{dead_process()}.abc.tmp"
    living = f".x.npy.{atomic._MACHINE}.{os.getpid()}.abc.tmp"
    for name in (dead, living, ".editor.tmp", ".of.someone.else.tmp", "x.tmp"):
        (tmp_path / name).mkdir() if folder else (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == sorted([living, ".editor.tmp", ".of.someone.else.tmp", "x.tmp"])


def test_leftovers_that_may_not_be_removed_do_not_stop_a_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder such as /tmp only the owner of a file may remove it."""
    dead = tmp_path / f".x.json.{atomic._MACHINE}.{dead_process()}.abc.tmp"
    dead.touch()
    unlink = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path == dead:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    write_bytes(tmp_path / "mine.json", b"{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == [dead.name, "mine.json"]


def test_machines_with_long_names_are_told_apart() -> None:
    names = [f"fer3d-train-whole-vertices-seed-{n}-x7k2p.cluster.example" for n in range(2)]
    found = [atomic.machine_name(name) for name in names]
    assert found[0] != found[1] and all(len(name) <= 32 and "." not in name for name in found)
    assert atomic.machine_name("node7.lab") == "node7-lab" and atomic.machine_name("") == "unnamed"


def test_leftovers_of_another_machine_go_when_they_are_old(tmp_path: Path) -> None:
    path = tmp_path / ".x.elsewhere.1.abc.tmp"
    path.touch()
    remove_leftovers(tmp_path)
    assert path.exists()
    old = time.time() - atomic.FORGOTTEN_S - 60
    os.utime(path, (old, old))
    remove_leftovers(tmp_path)
    assert not path.exists()


def test_modes_follow_the_umask_and_the_group_of_the_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o2775)
    before = os.umask(0o002)
    try:
        write_bytes(tmp_path / "file", b"")
        with atomic_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o664
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o2775


@pytest.mark.parametrize("mask", [0o002, 0o027])
def test_the_umask_is_read_without_being_set(tmp_path: Path, monkeypatch, mask: int) -> None:
    real, before = os.umask, os.umask(mask)
    asked = []
    monkeypatch.setattr(os, "umask", lambda value: asked.append(value) or real(value))
    try:
        assert current_umask() == mask
        assert asked == []  # other threads create files meanwhile
        assert current_umask(tmp_path / "not Linux") == mask
        assert asked == [0, mask]
    finally:
        real(before)


def test_an_error_of_the_disk_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError) as raised, atomic_folder(tmp_path / "folder"):
        raise OSError(28, "No space left on device")
    assert raised.value.filename == str(tmp_path / "folder")
