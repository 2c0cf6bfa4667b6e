"""Signatures of files, to detect changes."""

import time
from pathlib import Path

from fer3d.files.images import Rejected, regular_file

# A file that changes twice within one tick of the file system's clock (2 s on FAT) shows it once.
TICK_NS = 2_000_000_000

Signature = list[int]  # inode, size, and the times of the last change of content and of status, ns


def signature(path: Path) -> Signature | None:
    """Metadata that change with a file's content; None if it is not a regular file."""
    try:
        status = regular_file(path)
    except Rejected:
        return None
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def settled(mark: Signature, now_ns: int | None = None) -> bool:
    """Whether a file changed so long ago that its next change gives another signature.

    Args:
        mark: its signature.
        now_ns: when it was taken; None: now.
    """
    return max(mark[2:]) < (time.time_ns() if now_ns is None else now_ns) - TICK_NS
