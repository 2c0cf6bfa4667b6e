"""Memory that this process may use: that of the machine, or the limit of a container or batch job.

In both versions of Linux control groups, the limits of all enclosing groups apply.
"""

import math
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")


def available_memory(root: Path = _ROOT) -> float:
    """Bytes available without swapping, within the limits of the control groups.

    Args:
        root: root of the file system with /proc and /sys.
    """
    import psutil

    return min([psutil.virtual_memory().available, *map(_room, _groups(root))])


def _groups(root: Path) -> Iterator[Path]:
    """Folders of the control groups of this process, from the inside out.

    A container may see its own group as the outermost one, under the name that the host gave it.
    """
    mount = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or "memory" in controllers.split(","):
            top = mount / "memory" if controllers else mount  # version 1: a tree per controller
            names = [name for name in path.split("/") if name not in ("", "..")]
            for depth in range(len(names), -1, -1):
                yield top.joinpath(*names[:depth])


def _room(group: Path) -> float:
    """Bytes left in a group; inactive page cache counts as free."""
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
