"""Our way of doing something and a peer's, timed in turn on the same input.

Times are processor times of this process, so that other load on the machine changes them little,
and everything runs in one thread; unless a pair says otherwise.
"""

import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

UNIT = "ms per image and core"
ELAPSED = "ms per image, elapsed, all cores"


class Seconds(float):
    """A time that a side of a pair returns instead of being timed, such as another process's."""


@dataclass(frozen=True)
class Options:
    """What all entries share.

    Attributes:
        data: folder with the outputs of `dvc repro`.
        images: number of images that are processed.
        rounds: times that each side runs, after one run that is not timed.
        environments: folder of the environments of peers that cannot be installed beside fer3d;
            without it they are left out.
    """

    data: Path
    images: int
    rounds: int
    environments: Path | None = None


@dataclass(frozen=True)
class Pair:
    """Two ways to the same result.

    Attributes:
        name: of what is done.
        against: name of the peer.
        ours, peer: process all images once.
        images: number of images that ``ours`` processes.
        peer_images: number of images that ``peer`` processes; fewer where it is slow.
        unit: of the times.
    """

    name: str
    against: str
    ours: Callable[[], object]
    peer: Callable[[], object]
    images: int
    peer_images: int
    unit: str = UNIT


@dataclass(frozen=True)
class Record:
    """One line of results: medians, and the smallest and largest value of each side."""

    name: str
    against: str
    ours: float
    peer: float
    ratio: float
    unit: str
    machine: str
    rounds: int
    ours_range: tuple[float, float]
    peer_range: tuple[float, float]

    def write(self, file: Path) -> None:
        """Append the line to a file of JSON lines."""
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(self)) + "\n")


def measure(pair: Pair, rounds: int) -> Record:
    """Run both sides in turn."""
    pair.ours(), pair.peer()
    ours, peer = [], []
    for _ in range(rounds):
        ours.append(1e3 * _seconds(pair.ours) / pair.images)
        peer.append(1e3 * _seconds(pair.peer) / pair.peer_images)
    middle, other = statistics.median(ours), statistics.median(peer)
    return Record(
        name=pair.name,
        against=pair.against,
        ours=round(middle, 4),
        peer=round(other, 4),
        ratio=round(other / middle, 2),
        unit=pair.unit,
        machine=machine(),
        rounds=rounds,
        ours_range=(round(min(ours), 4), round(max(ours), 4)),
        peer_range=(round(min(peer), 4), round(max(peer), 4)),
    )


def machine() -> str:
    """Processor and Python, in words."""
    return f"{cpu_model()}, Python {platform.python_version()}"


def cpu_model() -> str:
    """Name of the processor."""
    names = (_in_cpuinfo(), platform.processor(), platform.machine())
    return next((name for name in names if name), "unknown processor")


def _seconds(function: Callable[[], object]) -> float:
    start = time.process_time()
    measured = function()
    return measured if isinstance(measured, Seconds) else time.process_time() - start


def _in_cpuinfo() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
