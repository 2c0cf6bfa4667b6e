"""Rows of image files that have not changed since an earlier run, so that ingest repeats cheaply.

DVC does not follow links to folders, stops at a dangling link, waits for pipes, and does not know
the files that a list names elsewhere. Therefore ``ingest`` runs each time, and asks the file
system itself: a file is known while inode, size and the times of its last changes are the same.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fer3d.files
import fer3d.ingestion
from fer3d.files.atomic import write_text
from fer3d.files.digests import sha256_file, sha256_json
from fer3d.files.images import Rejected, regular_file
from fer3d.rowwise.versions import versions

LIBRARIES = ("imagehash", "numpy", "opencv", "pillow", "pillow-heif", "scipy")
# A file that changes twice within one tick of the file system's clock (2 s on FAT) shows it once:
# what changed this shortly before it was read is read again.
TICK_NS = 2_000_000_000

Signature = list[int]  # inode, size, and the times of the last change of content and of status, ns
Rows = dict[str, tuple[Signature, dict[str, Any]]]  # by path


def signature(path: Path) -> Signature | None:
    """What changes with a file's content; None if there is no regular file."""
    try:
        status = regular_file(path)
    except Rejected:
        return None
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def read_known(file: Path, max_pixels: int) -> Rows:
    """Rows that an earlier run left; none if other code, libraries or limits made them."""
    try:
        content = json.loads(file.read_bytes())
        return content["files"] if content["made_by"] == _made_by(max_pixels) else {}
    except (OSError, ValueError, KeyError, TypeError):  # not there, or damaged: read all files
        return {}


def write_known(file: Path, rows: Mapping[str, Any], max_pixels: int, started_ns: int) -> None:
    """Leave rows for later runs.

    Args:
        rows: see ``Rows``.
        started_ns: when the first signature was taken; rows of files that changed just before
            are not kept.
    """
    kept = {path: row for path, row in rows.items() if max(row[0][2:]) < started_ns - TICK_NS}
    content = {"made_by": _made_by(max_pixels), "files": kept}
    write_text(file, json.dumps(content, separators=(",", ":")))


def _made_by(max_pixels: int) -> str:
    rooms = [Path(room.__path__[0]) for room in (fer3d.files, fer3d.ingestion)]
    code = {str(f.name): sha256_file(f) for room in rooms for f in sorted(room.glob("*.py"))}
    return sha256_json({"code": code, "max_pixels": max_pixels, **versions(LIBRARIES)})
