"""The object store with rows of full size: rates, a few new images, damaged objects.

    python -m benchmarks store [--rows 43000] [--new 100] [--damaged 1000] [--s3-rows 2000]

Stages run in their own processes, including imports and start of the workers, with stand-ins for
the networks. Needs 8 GB of disk under --folder, and the extra `test` for the rows on S3.
"""

import argparse
import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import standin
from fer3d.machine.settings import Settings

STAGES = {"reconstruct": standin.reconstruct, "relight": standin.relight}

# s a row on one core: the real stages over FER2013's 42,380 rows took 467 and 637 s on two cores
REAL_SECONDS = {"reconstruct": 0.022, "relight": 0.032}
NOTHING_ROWS = 1000  # computed at that cost, to extrapolate the time without a store

BUCKET = "fer3d"
DAMAGES: tuple[Callable[[bytes, bytes], bytes], ...] = (
    lambda data, other: data[:5000] + bytes([data[5000] ^ 16]) + data[5001:],  # a bit flipped
    lambda data, other: data[: len(data) // 2],  # truncated
    lambda data, other: b"",  # emptied
    lambda data, other: other,  # another key's object
    lambda data, other: other[:3000] + data[3000:],  # two objects mixed
)


@dataclass(frozen=True)
class Result:
    """Time and log counts of both stages together."""

    seconds: float
    cpu: float
    computed: int
    stored: int
    damaged: int


def stage(name: str, folder: Path, settings: Settings, log: Path, seconds: float) -> None:
    """One stage, in its own process."""
    logging.basicConfig(format="%(message)s", filename=log, level=logging.INFO)
    source, out = {"reconstruct": ("images", "faces"), "relight": ("faces", "shadings")}[name]
    standin.run(STAGES[name](seconds), folder / source, folder / out, settings)


def both(folder: Path, settings: Settings, costs: dict[str, float] | None = None) -> Result:
    """Reconstruct and relight a folder's images."""
    log = folder / "log"
    log.unlink(missing_ok=True)
    seconds = cpu = 0.0
    for name in STAGES:
        cost = costs[name] if costs else 0.0
        measured = standin.measure(stage, name, folder, settings, log, cost)
        seconds, cpu = seconds + measured.seconds, cpu + measured.cpu
    text = log.read_text()
    counts = np.array(re.findall(r"computed (\d+), from store (\d+)", text), int)
    computed, stored = counts.sum(axis=0).tolist()
    return Result(seconds, cpu, computed, stored, text.count("damaged, set aside"))


def digest(folder: Path) -> str:
    """Digest of the outputs of both stages."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("faces/*"), *folder.glob("shadings/*")]):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def plant(store: Path, count: int) -> None:
    """Damage ``count`` objects, in each of the ways in turn."""
    paths = sorted(path for path in store.rglob("*") if path.is_file())
    chosen = np.random.default_rng(0).choice(len(paths), count, replace=False)
    for i, at in enumerate(chosen):
        data, other = paths[at].read_bytes(), paths[at - 1].read_bytes()
        paths[at].write_bytes(DAMAGES[i % len(DAMAGES)](data, other))


@contextmanager
def s3() -> Iterator[str]:
    """The address of a store on a local S3 server."""
    import boto3

    port = "5999"
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    os.environ.update(
        dict.fromkeys(names, "us-east-1"), AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}"
    )
    command = [sys.executable, "-m", "moto.server", "-p", port]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                boto3.client("s3").create_bucket(Bucket=BUCKET)
                break
            except Exception:  # not up yet
                time.sleep(0.2)
        yield f"s3://{BUCKET}/store"
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=43_000)
    parser.add_argument("--new", type=int, default=100)
    parser.add_argument("--damaged", type=int, default=1000)
    parser.add_argument("--s3-rows", type=int, default=2000, help="0: without S3")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="working folder; a temporary one by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        rows = list(measure(Path(name), options))
    print(
        standin.table(
            ["both stages", "s", "CPU s", "rows/s", "computed", "from store", "damaged"], rows
        )
    )


def measure(folder: Path, options: argparse.Namespace) -> Iterator[list[object]]:
    count, new = options.rows, options.new
    settings = Settings(workers=options.workers, store=str(folder / "store"))
    standin.write_images(folder / "images", count)
    yield line(f"{count:,} rows, empty store, no cost", count, both(folder, settings))
    expected = digest(folder)
    yield line(f"{count:,} rows, all in the store", count, both(folder, settings))
    plant(Path(settings.store), options.damaged)
    result = both(folder, settings)
    same = "same bytes" if digest(folder) == expected else "OTHER BYTES"
    yield line(f"{options.damaged:,} damaged objects: {same}", count, result)
    shutil.rmtree(folder / "images")
    standin.write_images(folder / "images", count + new)
    added = both(folder, settings, REAL_SECONDS)
    yield line(f"{new} rows more, at the networks' cost", count + new, added)
    yield from_nothing(folder, settings, count + new, added.seconds)
    if options.s3_rows:
        with s3() as address:
            yield from on_s3(folder, settings.model_copy(update={"store": address}), options)


def from_nothing(folder: Path, settings: Settings, count: int, seconds: float) -> list[object]:
    """Some rows without a store at the networks' cost, extrapolated to all rows."""
    part = folder / "part"
    standin.write_images(part / "images", NOTHING_ROWS)
    alone = settings.model_copy(update={"store": "none"})
    few = both(part, alone, REAL_SECONDS)
    shutil.rmtree(part / "images")
    standin.write_images(part / "images", NOTHING_ROWS // 10)
    start = both(part, alone, REAL_SECONDS).seconds
    slope = (few.seconds - start) / (0.9 * NOTHING_ROWS)
    total = start + slope * (count - NOTHING_ROWS // 10)
    result = Result(total, few.cpu, 2 * count, 0, 0)
    share = f"{100 * seconds / total:.1f} %"
    return line(
        f"all from nothing, by {NOTHING_ROWS:,} rows; the row above is {share}", count, result
    )


def on_s3(folder: Path, settings: Settings, options: argparse.Namespace) -> Iterator[list[object]]:
    """The same on S3, over the loopback interface."""
    part = folder / "s3"
    standin.write_images(part / "images", options.s3_rows)
    for what in ("empty store, no cost", "all in the store"):
        title = f"{options.s3_rows:,} rows on S3 (loopback), {what}"
        yield line(title, options.s3_rows, both(part, settings))


def line(title: str, count: int, result: Result) -> list[object]:
    rate = f"{count / result.seconds:,.0f}"
    counts = (result.computed, result.stored, result.damaged)
    row = [title, f"{result.seconds:.1f}", f"{result.cpu:.1f}", rate, *counts]
    print(*row, file=sys.stderr)
    return row


if __name__ == "__main__":
    main()
