"""Rows of image files that have not changed since an earlier run, so that ingest repeats cheaply.

DVC does not follow links to folders, stops at a dangling link, waits for pipes, and does not know
the files that a list names elsewhere. Therefore ``ingest`` always runs and checks the file system
itself: a file is known while inode, size and the times of its last changes are the same.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fer3d.files
import fer3d.ingestion
from fer3d.datasets.signatures import Signature, settled
from fer3d.files.atomic import write_text
from fer3d.files.digests import code_digests, sha256_json
from fer3d.rowwise.versions import DECODERS, versions

LIBRARIES = (*DECODERS, "imagehash", "scipy")
Rows = dict[str, tuple[Signature, dict[str, Any]]]  # by path


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
    kept = {path: row for path, row in rows.items() if settled(row[0], started_ns)}
    content = {"made_by": _made_by(max_pixels), "files": kept}
    write_text(file, json.dumps(content, separators=(",", ":")))


def _made_by(max_pixels: int) -> str:
    code = code_digests(fer3d.files, fer3d.ingestion)
    return sha256_json({"code": code, "max_pixels": max_pixels, **versions(LIBRARIES)})
