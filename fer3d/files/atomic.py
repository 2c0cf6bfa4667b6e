"""Atomic writes: files and folders are either complete or absent, whatever happens to the process.

Content is written to a temporary sibling, flushed to the disk and renamed; then the parent folder
is flushed, too. After a kill or a power loss the name refers to the old content or to all of the
new content.

A killed process leaves its temporary sibling behind:

    .<name>.<machine>.<process id>.<random>.tmp

The next writer in that folder removes it if its process has ended.
"""

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FORGOTTEN_S = 24 * 3600.0  # age at which another machine's temporary sibling is removed
_SUFFIX = ".tmp"


def machine_name(node: str) -> str:
    """A name of at most 32 characters for a machine, without dots; other machines have others."""
    name = node.replace(".", "-").replace("/", "-") or "unnamed"
    if len(name) <= 32:
        return name
    return f"{name[:23]}-{hashlib.sha256(node.encode()).hexdigest()[:8]}"


_MACHINE = machine_name(platform.node())


@contextlib.contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """A temporary sibling of ``target``, renamed to it when the block ends without an error."""
    remove_leftovers(target.parent)
    handle, name = tempfile.mkstemp(prefix=_prefix(target), suffix=_SUFFIX, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        with _named(target):
            yield temporary
        temporary.chmod(0o666 & ~current_umask())
        _flush(temporary)
        temporary.replace(target)
        _flush(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(target: Path, many: bool = False) -> Iterator[Path]:
    """A temporary sibling folder that replaces ``target`` when the block ends without an error.

    An existing folder is first moved aside: between the two renames there is none, but never an
    incomplete one.

    Args:
        target: the folder.
        many: it has thousands of small files: the disks are flushed once, not file by file.
    """
    with scratch_folder(target) as temporary, scratch_folder(target) as aside:
        with _named(target):
            yield temporary
        temporary.chmod(0o777 & ~current_umask() | temporary.stat().st_mode & stat.S_ISGID)
        if many:
            os.sync()
        else:
            _flush_tree(temporary)
        if target.exists():
            target.replace(aside)  # an empty folder can be replaced
        temporary.replace(target)
        _flush(target.parent)


@contextlib.contextmanager
def scratch_folder(target: Path) -> Iterator[Path]:
    """A temporary sibling folder of ``target``, removed at the end, or after a kill later."""
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent)
    folder = tempfile.mkdtemp(prefix=_prefix(target), suffix=_SUFFIX, dir=target.parent)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files and folders whose writers have ended."""
    for path in unfinished(folder):
        _remove(path)


def unfinished(folder: Path) -> Iterator[Path]:
    """Temporary files and folders whose writers have ended."""
    for path in folder.glob(f".*{_SUFFIX}"):
        _, *owner = path.name.removesuffix(_SUFFIX).rsplit(".", 3)
        if len(owner) == 3 and _is_left(path, machine=owner[0], process=owner[1]):
            yield path


def write_bytes(target: Path, data: bytes) -> None:
    """Write a file atomically; its folder is created if necessary."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)


def write_text(target: Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    write_bytes(target, text.encode("utf-8"))


def write_json(target: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file atomically, with keys in the given order and a fixed layout."""
    write_text(target, json_text(value))


def json_text(value: Mapping[str, Any]) -> str:
    """The text that ``write_json`` writes."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def current_umask(status: Path = Path("/proc/self/status")) -> int:
    """The umask of this process.

    Args:
        status: the file in which Linux gives it. Other systems only return it when it is set, so
            that for a moment new files of other threads have all permissions.
    """
    said = status.read_bytes() if status.exists() else b""
    if found := re.search(rb"^Umask:\s*([0-7]+)$", said, re.MULTILINE):
        return int(found[1], 8)
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def _named(target: Path) -> Iterator[None]:
    """Add the file name to errors of writes, which the system gives only when opening a file."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(target)
        raise


def _prefix(target: Path) -> str:
    return f".{target.name}.{_MACHINE}.{os.getpid()}."


def _is_left(path: Path, machine: str, process: str) -> bool:
    """Whether the writer of a temporary sibling has ended, as far as this can be known."""
    if not process.isdecimal():  # not written by fer3d
        return False
    if machine == _MACHINE:
        return not _is_running(int(process))
    try:
        last = max(item.lstat().st_mtime for item in [path, *path.rglob("*")])
    except FileNotFoundError:  # its writer has just finished
        return False
    return time.time() - last > FORGOTTEN_S


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # a process of another user
        return True
    try:
        state = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):  # not Linux, or the process has just ended
        return True
    return state not in (b"Z", b"X")  # ended, but not yet reaped by its parent


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):  # of another user, in a folder such as /tmp
            path.unlink()


def _flush_tree(folder: Path) -> None:
    for where, _, names in os.walk(folder):
        for name in names:
            _flush(Path(where, name))
        _flush(Path(where))


def _flush(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
