"""A command as a user types it, with the time it takes and the memory of its processes."""

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

LOOK_S = 0.5  # interval at which the memory is read; reading takes milliseconds


@dataclass(frozen=True)
class Ran:
    """Elapsed seconds, and the largest sum of the private memory of all processes, bytes."""

    seconds: float
    memory: int


def fer3d(*arguments: str | Path) -> Ran:
    """Run the command to its end."""
    command = [sys.executable, "-m", "fer3d", *map(str, arguments)]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = [0]
    watch = threading.Thread(target=_watch, args=(process, peak))
    watch.start()
    errors = process.communicate()[1].decode()
    seconds = time.perf_counter() - start
    watch.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}\n{errors}")
    return Ran(seconds, peak[0])


def files_of(folder: Path) -> list[Path]:
    """Photos of a folder, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
    if not files:
        raise SystemExit(f"{folder} has no images: run `dvc repro synthesize`, or give --source")
    return files


def _watch(process: "subprocess.Popen[bytes]", peak: list[int]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], _memory(process.pid))
        time.sleep(LOOK_S)


def _memory(pid: int) -> int:
    """Memory of a process and its children, without what they share."""
    try:
        top = psutil.Process(pid)
        return sum(part.memory_full_info().uss for part in (top, *top.children(recursive=True)))
    except psutil.Error:  # a process that has ended
        return 0
