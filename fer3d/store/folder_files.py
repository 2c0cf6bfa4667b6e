"""A store's files in a folder, on a local or a network file system.

A file is written under a temporary name in the same folder and then renamed. Readers see a complete
file or none, also on NFS, and concurrent writers of one file do not disturb each other. Files are
not flushed to the disk: that would take a hundred times as long as the rest of the write. A power
failure may therefore leave an empty or truncated file. Its digest does not match, so the next
reader computes the object again.

New files and folders get the modes that the umask leaves and, in a folder with the setgid bit, the
group of the folder: with ``umask 002`` all members of the group can use and repair the store.
"""

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fer3d.store.places import StoredFile


@dataclass(frozen=True)
class FolderFiles:
    """Files in a folder, which is created when the first file is written."""

    root: str

    def address(self, name: str) -> str:
        return f"{self.root}/{name}"

    def read(
        self, names: Sequence[str], limit: int | None = None
    ) -> list[bytes | Exception | None]:
        return [_read(f"{self.root}/{name}", limit) for name in names]

    def write(self, blobs: Mapping[str, bytes]) -> list[Exception | None]:
        return [_write(f"{self.root}/{name}", data) for name, data in blobs.items()]

    def set_aside(self, blobs: Mapping[str, bytes], suffix: str) -> list[Exception | None]:
        return [_rename(f"{self.root}/{name}", data, suffix) for name, data in blobs.items()]

    def remove(self, names: Sequence[str]) -> list[Exception | None]:
        return [_remove(f"{self.root}/{name}") for name in names]

    def folders(self) -> list[str]:
        try:
            with os.scandir(self.root) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        except FileNotFoundError:
            return []

    def entries(self, folder: str) -> Iterator[StoredFile]:
        with os.scandir(f"{self.root}/{folder}") as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # renamed or removed since the listing
                    continue
                if not entry.is_dir(follow_symlinks=False):
                    yield StoredFile(f"{folder}/{entry.name}", status.st_size, status.st_mtime)


def _read(path: str, limit: int | None = None) -> bytes | Exception | None:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read() if limit is None else file.read(limit)
    except FileNotFoundError:
        return None
    except OSError as error:
        return error


def _write(path: str, data: bytes) -> Exception | None:
    folder, _, name = path.rpartition("/")
    temporary = f"{folder}/.{name}.{secrets.token_hex(8)}.tmp"
    try:
        try:
            _create(temporary, data)
        except FileNotFoundError:
            Path(folder).mkdir(parents=True, exist_ok=True)
            _create(temporary, data)
        os.replace(temporary, path)
    except OSError as error:
        return error
    finally:
        _remove(temporary)
    return None


def _create(path: str, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        file.write(data)


def _rename(path: str, data: bytes, suffix: str) -> Exception | None:
    if _read(path) != data:  # repaired since it was read
        return None
    try:
        os.replace(path, path + suffix)
    except FileNotFoundError:
        return None
    except OSError as error:
        return error
    return None


def _remove(path: str) -> Exception | None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return error
    return None
