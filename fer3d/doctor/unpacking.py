"""Disk space of the images of tables and archives, which `ingest` unpacks once."""

import os
from collections.abc import Iterator
from pathlib import Path

from fer3d.datasets.archives.unpack import Archive, unpacked_folder
from fer3d.datasets.layout import find_archive
from fer3d.datasets.params import KEPT
from fer3d.doctor.disk import free_bytes
from fer3d.doctor.finding import Finding, ok, problem, size
from fer3d.errors import UserError
from fer3d.params import Params

BLOCK_UNITS = 512  # bytes, unit of st_blocks
CHECK = "unpacked"


def unpacked(checkout: Path, params: Params) -> list[Finding]:
    """What the unpacked images of the source take, or will take; nothing for other sources.

    Before they are unpacked, the size of the archive is the estimate. It is too low by up to a
    block of the file system per image, and too high for tables of pixels as text.
    """
    source = checkout / params.ingest.source
    archive = find_archive(source, params.ingest.layout) if source.exists() else None
    if archive is None:
        return []
    folder = unpacked_folder(source, checkout / KEPT)
    if folder.exists():
        return [ok(CHECK, f"images of {source.name}: {size(used_bytes(folder))} in {folder}")]
    return _before(archive, source, folder)


def used_bytes(folder: Path) -> int:
    """Disk space of the files in a folder, with those in its folders."""
    blocks = sum(entry.stat(follow_symlinks=False).st_blocks for entry in _files(folder))
    return blocks * BLOCK_UNITS


def _before(archive: Archive, source: Path, folder: Path) -> list[Finding]:
    try:
        needed = sum(file.stat().st_size for file in archive.containers(source))
    except (UserError, OSError):  # ingest reports it
        return []
    free = free_bytes(folder)
    detail = f"images of {source.name}: about {size(needed)} in {folder}, {size(free)} free"
    if free >= needed:
        return [ok(CHECK, detail)]
    return [problem(CHECK, detail, f"free {size(needed - free)}, or put {KEPT} on another disk")]


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            else:
                yield entry
