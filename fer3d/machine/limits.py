"""What this process may use of its machine, the share of a container or of a batch job counted.

Both versions of Linux's control groups limit a group by itself and by every group around it.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")


def usable_cores(root: Path = _ROOT) -> float:
    """Cores that this process may use: its affinity, and the share of its control groups.

    Args:
        root: of the file system that tells.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min([cores, *map(_share, _groups(root, "cpu"))])


def available_memory(root: Path = _ROOT) -> float:
    """Bytes that can be had without swapping, here and within the control groups."""
    import psutil

    return min([psutil.virtual_memory().available, *map(_room, _groups(root, "memory"))])


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Folders of the control groups that this process is in, from its own outwards.

    A container may see its own group as the outermost, and the name that the host gave it.
    """
    mount = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or controller in controllers.split(","):
            top = mount / controller if controllers else mount  # version 1 has a tree for each
            names = [name for name in path.split("/") if name not in ("", "..")]
            for depth in range(len(names), -1, -1):
                yield top.joinpath(*names[:depth])


def _share(group: Path) -> float:
    quota, _, period = _read(group / "cpu.max").partition(" ")
    if not period:
        quota, period = (_read(group / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() else math.inf


def _room(group: Path) -> float:
    """Bytes left; what the page cache holds and nobody uses is given back when it is asked for."""
    limit = _read(group / "memory.max") or _read(group / "memory.limit_in_bytes")
    used = _read(group / "memory.current") or _read(group / "memory.usage_in_bytes")
    if not (limit.isdecimal() and used.isdecimal()):
        return math.inf
    kinds = dict(line.split(" ", 1) for line in _read(group / "memory.stat").splitlines())
    cache = int(kinds.get("total_inactive_file") or kinds.get("inactive_file", 0))
    return max(0, int(limit) - int(used) + cache)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
