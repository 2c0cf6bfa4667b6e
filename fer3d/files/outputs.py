"""Output files of commands, written without destroying the user's files.

An input is never overwritten; another file that fer3d did not write only on request. Symbolic links
are followed; other special files (a pipe, /dev/stdout) are written to directly.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from fer3d.errors import UserError, printable
from fer3d.files.atomic import write_bytes
from fer3d.files.images import suffixes

SOFTWARE = "fer3d"  # in the header of pictures and meshes
# How the files begin that fer3d writes. Other programs, too, write lists with a column `image` and
# documents with a key `images`, so the keys after it count.
_IMAGE = rb'"image": "(?:[^"\\]|\\.)*",\s+"'
_KEYS = rb'(?:expression|error|frame|faces": \[\s*(?:\]|\{\s*"(?:track|expression|box)))"?'
_BEGINNINGS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        rb'\{\n  "images": \[\s+\{\s+' + _IMAGE + _KEYS,  # predict and face3d --json
        rb'\{\n  "images": \d+(,\n  "(no_face|reconstructed|invariance)":|\n\})',  # scores
        rb"\{" + _IMAGE + _KEYS,  # --jsonl
        rb"image,(frame,time_s,track,|face,)?expression,[^\n]*face_detected,pitch,",  # --csv
        rb"image,label,problem,face,predicted,",  # evaluate --csv
        rb"ply\nformat [^\n]+\ncomment fer3d\n",
        rb"\x89PNG.{,200}Software\0fer3d",
        rb"\x08.\x12\x05fer3d",  # ONNX: its version and producer
    )
)
_BEGINNING = 1 << 14  # bytes; a path has up to 4096 characters
_UNMARKED = frozenset({".avi", ".mkv", ".mp4"})  # videos, which do not name the program
_STREAMS = (1, 2)  # standard output and error


class InputFiles:
    """Files that are read, under whatever name: a link, a hard link, another case."""

    def __init__(self, paths: Iterable[Path] = (), folder: Path | None = None):
        """
        Args:
            paths: the files.
            folder: of a data set, all of whose files count, except those that fer3d wrote.
        """
        self._known = {name for path in paths for name in _identities(path)}
        self._folder = folder and folder.resolve()

    def __contains__(self, path: Path) -> bool:
        there = path.resolve()
        inside = self._folder is not None and there.is_relative_to(self._folder)
        return not self._known.isdisjoint(_identities(path)) or (inside and _is_foreign(there))


def check_output(path: Path, option: str, inputs: InputFiles, *, force: bool = False) -> None:
    """Check that a file may be written.

    Args:
        path: the output file.
        option: the command line option that names it, for the message.
        inputs: input files, which are not overwritten even with ``force``.
        force: whether a file that fer3d did not write may be overwritten.

    Raises:
        UserError: it may not; the message says why.
    """
    name = printable(path)
    if path in inputs:
        raise UserError(f"{option} {name} is one of the inputs: name another file to write")
    if path.is_dir():
        raise UserError(f"{option} {name} is a folder: name a file to write")
    if option in ("--json", "--jsonl", "--csv") and path.suffix.lower() in suffixes():
        raise UserError(
            f"{option} {name} has the suffix of an image: the option needs the file to write, "
            "before the images"
        )
    if not force and path.is_file() and path.suffix.lower() in _UNMARKED:
        raise UserError(f"{option} {name} exists: name another file, or add --force")
    if not force and _is_foreign(path):
        raise UserError(
            f"{option} {name} exists, and fer3d did not write it: name another file, or add --force"
        )


def check_distinct(outputs: Mapping[str, Path | None]) -> None:
    """Check that no two options name the same file; pipes and devices may be shared.

    Args:
        outputs: the file of each option, None where it is not given.

    Raises:
        UserError: two do.
    """
    seen: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None or is_special(path):
            continue
        other = seen.setdefault(path.resolve(), option)
        if other != option:
            raise UserError(f"{other} and {option} name the same file, {printable(path)}")


def write_output(path: Path, data: bytes) -> None:
    """Write an output file.

    A regular file, also the target of a link, is replaced atomically; a special file is written to
    directly.
    """
    if not is_special(path):
        write_bytes(path.resolve(), data)
        return
    handle = open_special(path)
    try:
        write_all(handle, data)
    finally:
        os.close(handle)


def is_special(path: Path) -> bool:
    """Whether a file is written in one go: standard output or error by name, or a pipe."""
    named = any(_same_file(path, stream) for stream in _STREAMS)
    return named or (path.exists() and not path.is_file())


def open_special(path: Path) -> int:
    """A descriptor of a special file, to be closed; printing and it share one position."""
    for stream in _STREAMS:
        if _same_file(path, stream):
            return os.dup(stream)
    return os.open(path, os.O_WRONLY)


def write_all(handle: int, data: bytes) -> None:
    """Write all bytes, however many a single write takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _identities(path: Path) -> set[object]:
    """Where a path leads to; for a regular file also its place on the disk."""
    there = path.resolve()
    try:
        status = there.stat()
    except OSError:
        return {there}
    return {there, (status.st_dev, status.st_ino)} if stat.S_ISREG(status.st_mode) else {there}


def _is_foreign(path: Path) -> bool:
    """Whether there is a regular file that fer3d did not write."""
    if not path.is_file() or is_special(path):
        return False
    with path.open("rb") as file:
        start = file.read(_BEGINNING)
    return bool(start) and not any(pattern.match(start) for pattern in _BEGINNINGS)


def _same_file(path: Path, stream: int) -> bool:
    try:
        there, here = path.stat(), os.fstat(stream)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino) and not stat.S_ISDIR(
        there.st_mode
    )
