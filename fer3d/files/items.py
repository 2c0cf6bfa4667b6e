"""Documents that grow by an item at a time and are complete after each, in constant memory.

A document is ``head item between item ... tail``. Each write replaces the tail by the next item and
a new tail, so that a reader, or an interruption, finds a complete document. In JSON the document is
``{"images": [item, ...]}``.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from fer3d.files.outputs import is_special, open_special, write_all

_INDENT = "\n    "
JSON_HEAD, JSON_BETWEEN, JSON_TAIL = (
    b'{\n  "images": [\n    ',
    b"," + _INDENT.encode(),
    b"\n  ]\n}\n",
)


class ItemsOutput:
    """A file to which items are added."""

    def __init__(self, path: Path, between: bytes = b"", tail: bytes = b"", *, kept: int = 0):
        """Nothing is written before the first item.

        Args:
            path: the file. A pipe or /dev/stdout gets the tail once, at the end.
            between: separator of items.
            tail: written after the last item.
            kept: bytes of an existing file to keep, up to the end of its last item; 0 replaces it.
        """
        self._path, self._between, self._tail = path, between, tail
        self._end = self._kept = kept
        self._items = kept > 0
        self._special = is_special(path)
        self._handle: int | None = None

    def add(self, item: bytes, *, head: bytes = b"") -> None:
        """Write an item.

        Args:
            item: the item.
            head: written before the first item; ignored for others.
        """
        with self._named():
            self._write(item if self._items else head + item, first=not self._items)
        self._items = True

    def __enter__(self) -> "ItemsOutput":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file, complete also after an error or an interruption."""
        if self._handle is None:
            return
        with self._named(), os.fdopen(self._handle, "wb", buffering=0):
            if self._special:
                write_all(self._handle, self._tail)
                return
            os.ftruncate(self._handle, self._end)  # of an item that was not written in full
            _write_at(self._handle, self._tail, self._end)
            os.fsync(self._handle)

    def _write(self, data: bytes, *, first: bool) -> None:
        if self._handle is None:
            self._handle = self._open()
        data = data if first else self._between + data
        if self._special:
            write_all(self._handle, data)
            return
        _write_at(self._handle, data + self._tail, self._end)
        self._end += len(data)

    def _open(self) -> int:
        if self._special:
            return open_special(self._path)
        target = self._path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_RDWR | os.O_CREAT, 0o666)
        os.ftruncate(handle, self._kept)
        return handle

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Add the file name to errors of writes."""
        try:
            yield
        except OSError as error:
            error.filename = error.filename or str(self._path)
            raise


def json_item(value: Mapping[str, Any]) -> bytes:
    """An item of a JSON document."""
    return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", _INDENT).encode()


@contextlib.contextmanager
def json_items(path: Path | None) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A function that adds an item to a JSON document; without a path it does nothing."""
    if path is None:
        yield lambda _: None
        return
    with ItemsOutput(path, JSON_BETWEEN, JSON_TAIL) as output:
        yield lambda value: output.add(json_item(value), head=JSON_HEAD)


def _write_at(handle: int, data: bytes, position: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, position)
        view, position = view[written:], position + written
