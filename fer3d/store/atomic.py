"""Files that are either whole or not there."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def atomic_path(target: Path, *, sync: bool = True) -> Iterator[Path]:
    """A temporary sibling of ``target`` that takes its name when the block ends well.

    The temporary file is flushed to the disk before the rename (unless ``sync`` is off, for files
    that carry a digest of their own) and removed on any exception.
    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        if sync:
            _sync(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """A temporary sibling folder that takes the place of ``target`` when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if target.exists():
            shutil.rmtree(target)
        temporary.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_bytes(target: Path, data: bytes, *, sync: bool = True) -> None:
    """Write a file in one atomic step, making its folder if need be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target, sync=sync) as temporary:
        temporary.write_bytes(data)


def write_text(target: Path, text: str) -> None:
    """Write a UTF-8 text file in one atomic step."""
    write_bytes(target, text.encode("utf-8"))


def write_json(target: Path, value: Mapping[str, Any]) -> None:
    """Write JSON for people and for DVC: keys in the given order, fixed layout, atomic."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
