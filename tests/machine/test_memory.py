"""Memory limits of control groups of both versions."""

from pathlib import Path

import psutil
import pytest

from fer3d.machine.memory import available_memory

MEGABYTE = 1_000_000


def machine(root: Path, groups: str, files: dict[str, str]) -> Path:
    """A file system with control groups of this process and their limits."""
    for name, text in ({"proc/self/cgroup": groups} | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


def test_without_groups_the_machine_decides(tmp_path):
    assert available_memory(tmp_path) == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def test_the_smallest_share_on_the_way_to_the_root_counts(tmp_path):
    group = "sys/fs/cgroup/slurm/job"
    files = {
        "sys/fs/cgroup/slurm/memory.max": str(9 * MEGABYTE),
        "sys/fs/cgroup/slurm/memory.current": str(5 * MEGABYTE),
        f"{group}/memory.max": str(7 * MEGABYTE),
        f"{group}/memory.current": str(5 * MEGABYTE),
        f"{group}/step/memory.max": "max",
        f"{group}/step/memory.current": str(5 * MEGABYTE),
    }
    root = machine(tmp_path, "0::/slurm/job/step", files)
    assert available_memory(root) == 2 * MEGABYTE


def test_page_cache_that_nobody_uses_is_free(tmp_path):
    files = {
        "sys/fs/cgroup/memory.max": str(7 * MEGABYTE),
        "sys/fs/cgroup/memory.current": str(6 * MEGABYTE),
        "sys/fs/cgroup/memory.stat": f"anon 1\ninactive_file {4 * MEGABYTE}\nactive_file 2",
    }
    assert available_memory(machine(tmp_path, "0::/", files)) == 5 * MEGABYTE


def test_the_first_version_has_a_tree_for_each_kind_of_limit(tmp_path):
    groups = "5:memory:/docker/ab\n4:cpu,cpuacct:/docker/ab\n1:name=systemd:/docker/ab\n0::/"
    files = {  # a container sees its own group as the root
        "sys/fs/cgroup/memory/memory.limit_in_bytes": str(7 * MEGABYTE),
        "sys/fs/cgroup/memory/memory.usage_in_bytes": str(6 * MEGABYTE),
        "sys/fs/cgroup/memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {MEGABYTE}",
    }
    root = machine(tmp_path, groups, files)
    assert available_memory(root) == 2 * MEGABYTE
    (root / "sys/fs/cgroup/memory/memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert available_memory(root) > 100 * MEGABYTE


def test_what_is_used_up_leaves_nothing(tmp_path):
    files = {
        "sys/fs/cgroup/memory.max": str(MEGABYTE),
        "sys/fs/cgroup/memory.current": str(2 * MEGABYTE),
    }
    assert available_memory(machine(tmp_path, "0::/../../elsewhere", files)) == 0
