"""Shared by the benchmarks: data sets of any size, stand-ins for the slow stages, measurement.

A stand-in reads and writes rows of the real stages' sizes and takes their time, but computes
nothing. So store, disk and processes are measured.
"""

import multiprocessing
import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.files.digests import sha256_arrays
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Arrays, Spec
from fer3d.machine.settings import Settings
from fer3d.rowwise.packing import Columns, compute_packed
from fer3d.rowwise.producer import Producer
from fer3d.rowwise.sources import Batch

SIZE = 100  # px, of an aligned image
ROWS_AT_ONCE = 1000  # per write
SAMPLE_SECONDS = 0.02

IMAGES = {"images": Spec((SIZE, SIZE, 3), "uint8"), "points": Spec((5, 2), "float32")}
FACES = {
    "vertices_image": Spec((468, 3), "float32"),
    "vertices_face": Spec((468, 3), "float32"),
    "landmarks_image": Spec((68, 2), "float32"),
    "rotation": Spec((3, 3), "float32"),
    "pose": Spec((3,), "float32"),
    "visible": Spec((908,), "uint8"),
    "presence": Spec((), "float32"),
    "reason": Spec((), "uint8"),
}
SHADINGS = {
    "shading": Spec((SIZE, SIZE), "uint8"),
    "mask": Spec((SIZE, SIZE), "bool"),
    "visible_fraction": Spec((), "float32"),
}


@dataclass(frozen=True)
class StandIn:
    """Pseudo-random rows, seeded by the input row, after a delay.

    Attributes:
        inputs: names of the arrays that seed a row.
        outputs: arrays of a row.
        seconds: delay per row.
    """

    inputs: tuple[str, ...]
    outputs: dict[str, Spec]
    seconds: float

    def __call__(self, batch: Batch) -> Arrays:
        rows = list(zip(*(batch[name] for name in self.inputs), strict=True))
        time.sleep(self.seconds * len(rows))
        generators = [np.random.default_rng(int(sha256_arrays("", row), 16)) for row in rows]
        return {
            name: np.stack([_random(spec, rng) for rng in generators])
            for name, spec in self.outputs.items()
        }


def _random(spec: Spec, rng: np.random.Generator) -> np.ndarray:
    values = rng.integers(0, 2 if spec.dtype == "bool" else 256, spec.shape)
    return values.astype(spec.dtype)


def reconstruct(seconds: float = 0.0) -> Producer:
    """Stand-in for the stage reconstruct."""
    inputs = ("images", "points")
    return Producer("reconstruct", 1, StandIn(inputs, FACES, seconds), inputs, FACES, {})


def relight(seconds: float = 0.0) -> Producer:
    """Stand-in for the stage relight."""
    inputs = ("vertices_face", "visible")
    return Producer("relight", 1, StandIn(inputs, SHADINGS, seconds), inputs, SHADINGS, {})


def run(producer: Producer, source: Path, out: Path, settings: Settings) -> None:
    """Run one stage like its script."""
    compute_packed(producer, _columns, source, out, settings)


def _columns(arrays: Arrays) -> Columns:
    if "pose" not in arrays:
        return {"visible_fraction": np.array(arrays["visible_fraction"])}
    pitch, yaw, roll = np.array(arrays["pose"]).T
    return {"pitch": pitch, "yaw": yaw, "roll": roll}


def write_images(folder: Path, rows: int, first: int = 0) -> None:
    """A packed folder of noise: row i is the same in every folder."""
    ids = [f"{i:08d}.jpg" for i in range(first, first + rows)]
    frame = pd.DataFrame({"id": ids, "path": ids, "label": "neutral", "split": "train"})
    frame = frame.assign(sha1=[f"{i:040x}" for i in range(rows)], width=SIZE, height=SIZE)
    with PackedWriter(folder, rows, IMAGES) as packed:
        for start in range(0, rows, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, rows - start)
            rngs = [np.random.default_rng(first + start + i) for i in range(count)]
            images = np.stack([np.frombuffer(rng.bytes(SIZE * SIZE * 3), np.uint8) for rng in rngs])
            points = np.zeros((count, 5, 2), np.float32)
            packed.write(start, {"images": images.reshape(-1, SIZE, SIZE, 3), "points": points})
        packed.finish(frame)


@dataclass(frozen=True)
class Measured:
    """Time and memory of a stage.

    Attributes:
        seconds: wall time of its process.
        cpu: processor time of all its processes, s; it depends little on other load.
        own: peak of the memory other than mapped files, summed over the processes, bytes.
        resident: peak resident memory of any process, including mapped files, bytes.
    """

    seconds: float
    cpu: float
    own: int
    resident: int


def measure(function: Callable[..., Any], *arguments: Any) -> Measured:
    """Run a function in its own process, like a stage in DVC, and measure time and memory."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=arguments)
    start, before = time.perf_counter(), _cpu()
    process.start()
    peaks = [0, 0]
    watcher = threading.Thread(target=_watch, args=(process, peaks))
    watcher.start()
    process.join()
    seconds = time.perf_counter() - start
    watcher.join()
    if process.exitcode:
        raise SystemExit(f"{function.__name__} failed: {process.exitcode}")
    return Measured(seconds, _cpu() - before, *peaks)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(process: Any, peaks: list[int]) -> None:
    while process.is_alive():
        own = resident = 0
        for pid in _tree(process.pid):
            status = _status(pid)
            own += status.get("RssAnon", 0)
            resident = max(resident, status.get("VmHWM", 0))
        peaks[:] = max(peaks[0], own), max(peaks[1], resident)
        time.sleep(SAMPLE_SECONDS)


def _tree(pid: int) -> list[int]:
    """A process and all its descendants (Linux)."""
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = thread.read_text().split()
        except OSError:
            continue
        found += [descendant for child in children for descendant in _tree(int(child))]
    return found


def _status(pid: int) -> dict[str, int]:
    """Memory of a process, by the names of /proc, bytes; empty if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    fields = (line.split() for line in lines)
    return {f[0][:-1]: int(f[1]) * 1024 for f in fields if len(f) == 3 and f[2] == "kB"}


def table(columns: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
