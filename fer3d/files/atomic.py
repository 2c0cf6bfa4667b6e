"""Files and folders that are either whole or not there, whatever happens to the process.

What is written goes into a temporary sibling, is flushed to the disk and takes its name by a
rename; then the folder that holds the name is flushed too. After a kill or a power loss the name
holds what it held before, or all of the new content.

A process that is killed leaves its temporary sibling behind:

    .<name>.<machine>.<process id>.<random>.tmp

The next writer of any name in that folder removes it, once its process is gone.
"""

import contextlib
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

FORGOTTEN_S = 24 * 3600.0  # another machine's temporary sibling that nobody wrote to for so long
_SUFFIX = ".tmp"
_MACHINE = platform.node().replace(".", "-").replace("/", "-")[:32] or "unnamed"


@contextlib.contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """A temporary sibling of ``target`` that takes its name when the block ends well."""
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
def atomic_folder(target: Path) -> Iterator[Path]:
    """A temporary sibling folder that takes the place of ``target`` when the block ends well.

    An older folder of that name is first moved aside: between the two renames there is none, at
    no time half of one.
    """
    with scratch_folder(target) as temporary, scratch_folder(target) as aside:
        with _named(target):
            yield temporary
        temporary.chmod(0o777 & ~current_umask() | temporary.stat().st_mode & stat.S_ISGID)
        _flush_tree(temporary)
        if target.exists():
            target.replace(aside)  # an empty folder may be replaced
        temporary.replace(target)
        _flush(target.parent)


@contextlib.contextmanager
def scratch_folder(target: Path) -> Iterator[Path]:
    """A temporary sibling folder of ``target``, removed at the end, or later after a kill."""
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent)
    folder = tempfile.mkdtemp(prefix=_prefix(target), suffix=_SUFFIX, dir=target.parent)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files and folders in a folder whose writers are gone."""
    for path in unfinished(folder):
        _remove(path)


def unfinished(folder: Path) -> Iterator[Path]:
    """The temporary files and folders in a folder whose writers are gone."""
    for path in folder.glob(f".*{_SUFFIX}"):
        _, *owner = path.name.removesuffix(_SUFFIX).rsplit(".", 3)
        if len(owner) == 3 and _is_left(path, machine=owner[0], process=owner[1]):
            yield path


def write_bytes(target: Path, data: bytes) -> None:
    """Write a file in one atomic step, making its folder if need be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)


def write_text(target: Path, text: str) -> None:
    """Write a UTF-8 text file in one atomic step."""
    write_bytes(target, text.encode("utf-8"))


def write_json(target: Path, value: Mapping[str, Any]) -> None:
    """Write JSON for people and for DVC: keys in the given order, fixed layout, atomic."""
    write_text(target, json_text(value))


def json_text(value: Mapping[str, Any]) -> str:
    """JSON as ``write_json`` writes it."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def current_umask(status: Path = Path("/proc/self/status")) -> int:
    """The bits that the modes of new files lack.

    Args:
        status: where Linux says it. Elsewhere one has to set it to know it: for a moment the files
            of other threads get all modes.
    """
    said = status.read_bytes() if status.exists() else b""
    if found := re.search(rb"^Umask:\s*([0-7]+)$", said, re.MULTILINE):
        return int(found[1], 8)
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def _named(target: Path) -> Iterator[None]:
    """Say which file could not be written; the system names one only where it was opened."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(target)
        raise


def _prefix(target: Path) -> str:
    return f".{target.name}.{_MACHINE}.{os.getpid()}."


def _is_left(path: Path, machine: str, process: str) -> bool:
    """Whether the writer of a temporary sibling is gone, as far as one can know."""
    if not process.isdecimal():  # not one of ours
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
    except PermissionError:  # someone else's
        return True
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):  # no Linux, or just gone
        return True
    return state not in ("Z", "X")  # dead, though its parent hasn't asked how it ended


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _flush_tree(folder: Path) -> None:
    for where, _, names in os.walk(folder):
        for name in names:
            _flush(Path(where, name))
        _flush(Path(where))


def _flush(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
