"""Files that a person tells a command to write: nothing that they have is destroyed.

An output is never written over an input, nor over a file that fer3d did not write, unless that is
asked for. Links are followed; what is no plain file (a pipe, /dev/stdout) is written to as it is.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType

from fer3d.errors import UserError, printable
from fer3d.files.atomic import write_bytes
from fer3d.files.images import suffixes

SOFTWARE = "fer3d"  # in the header of pictures and meshes
_MARKS: Mapping[str, bytes] = {  # near the start of what fer3d writes, by the name's end
    ".json": b'{\n  "images": ',
    ".csv": b"image,",
    ".ply": b"comment " + SOFTWARE.encode(),
    ".png": b"Software\0" + SOFTWARE.encode(),
}
_MARK_WITHIN = 256  # bytes
_EVERY_S = 2.0


def check_output(path: Path, option: str, inputs: Iterable[Path], *, force: bool = False) -> None:
    """Stop before something is destroyed.

    Args:
        path: to be written.
        option: that named it, for the message.
        inputs: files that are read; even ``force`` writes over none of them.
        force: whether a file that fer3d did not write may be replaced.

    Raises:
        UserError: saying what is wrong with the path.
    """
    name = printable(path)
    if path.resolve() in {file.resolve() for file in inputs}:
        raise UserError(f"{option} {name} is one of the images: name another file to write")
    if path.is_dir():
        raise UserError(f"{option} {name} is a folder: name a file to write")
    if option in ("--json", "--csv") and path.suffix.lower() in suffixes():
        raise UserError(
            f"{option} {name} has the name of an image: the option takes the file to write, "
            "images come after it"
        )
    if not force and _is_foreign(path):
        raise UserError(
            f"{option} {name} exists, and fer3d did not write it: name another file, or add --force"
        )


def write_output(path: Path, data: bytes) -> None:
    """Write a file that a person named.

    A plain file gets its content in one atomic step, also behind a link; anything else is written
    to as it is.
    """
    for stream in (1, 2):  # /dev/stdout and the like: where what is printed goes, too
        if _same_file(path, stream):
            _write_all(stream, data)
            return
    if path.exists() and not path.is_file():
        with path.open("wb", buffering=0) as file:
            _write_all(file.fileno(), data)
        return
    write_bytes(path.resolve(), data)


class GrowingOutput:
    """A file that is written again and again while its content grows, and at the end.

    A plain file always holds a whole document. Pipes and the like are written once, at the end.
    """

    def __init__(self, path: Path | None, content: Callable[[], bytes]):
        """
        Args:
            path: of the file; None writes nothing.
            content: the whole document as it is now.
        """
        self._path, self._content = path, content
        self._plain = path is not None and (path.is_file() or not path.exists())
        self._written, self._grown = -float("inf"), False

    def grew(self) -> None:
        """Write the document, unless that was done a moment ago."""
        self._grown = True
        if self._plain and time.monotonic() - self._written > _EVERY_S:
            self._write()

    def __enter__(self) -> "GrowingOutput":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """What is known is written, whatever ended the block, unless nothing came of it."""
        if error is None or self._grown:
            self._write()

    def _write(self) -> None:
        if self._path is not None:
            write_output(self._path, self._content())
            self._written = time.monotonic()


def _is_foreign(path: Path) -> bool:
    """Whether a plain file is there that does not look like one of fer3d's."""
    if not path.is_file() or any(_same_file(path, stream) for stream in (1, 2)):
        return False
    with path.open("rb") as file:
        start = file.read(_MARK_WITHIN)
    mark = _MARKS.get(path.suffix.lower(), b'{\n  "images": ')
    return bool(start) and mark not in start


def _same_file(path: Path, stream: int) -> bool:
    try:
        there, here = path.stat(), os.fstat(stream)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino) and not stat.S_ISDIR(
        there.st_mode
    )


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
