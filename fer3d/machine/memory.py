"""Memory that this process may use: the machine's, and its share in a container or a batch job.

Both versions of Linux's control groups limit a group by itself and by every group around it.
"""

import math
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")


def available_memory(root: Path = _ROOT) -> float:
    """Bytes that can be had without swapping, here and within the control groups.

    Args:
        root: of the file system that tells.
    """
    import psutil

    return min([psutil.virtual_memory().available, *map(_room, _groups(root))])


def _groups(root: Path) -> Iterator[Path]:
    """Folders of the control groups that this process is in, from its own outwards.

    A container may see its own group as the outermost, and the name that the host gave it.
    """
    mount = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or "memory" in controllers.split(","):
            top = mount / "memory" if controllers else mount  # version 1 has a tree for each
            names = [name for name in path.split("/") if name not in ("", "..")]
            for depth in range(len(names), -1, -1):
                yield top.joinpath(*names[:depth])


def _room(group: Path) -> float:
    """Bytes left; what the page cache holds and nobody uses is given back when it is asked for."""
    limit = _read(group / "memory.max") or _read(group / "memory.limit_in_bytes")
    used = _read(group / "memory.current") or _read(group / "memory.usage_in_bytes")
    if not (limit.isdecimal() and used.isdecimal()):
        return math.inf
    kinds = dict(line.split() for line in _read(group / "memory.stat").splitlines())
    cache = int(kinds.get("total_inactive_file") or kinds.get("inactive_file") or 0)
    return max(0, int(limit) - int(used) + cache)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
