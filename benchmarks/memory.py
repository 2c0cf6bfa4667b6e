"""Peak memory of the preprocessing stages at two sizes of a data set, which should not differ.

    python -m benchmarks memory [--rows 4000 40000]

Rows have their full size; the networks are replaced by stand-ins. `own` is memory other than mapped
files, summed over the processes of a stage; `resident` is that of the largest process, including
mapped files. In a real run, each worker also needs the memory of its networks. Linux only.
"""

import argparse
import logging
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import standin
from fer3d.alignment import align
from fer3d.alignment.params import AlignParams
from fer3d.balancing.balance import balance_dataset
from fer3d.balancing.params import BalanceParams
from fer3d.files import manifest
from fer3d.files.digests import sha1_bytes
from fer3d.machine.settings import Settings
from fer3d.rowwise.packing import compute_dataset
from fer3d.toolbox import Toolbox

FILE_BYTES = 3000  # size of an image file of FER2013
FILES_A_FOLDER = 1000
ALIGN = AlignParams(
    detector="haar", size=100, crop=None, padding=0, min_face=20, thresholds=(0.6, 0.7, 0.8)
)
BALANCE = BalanceParams(seed=0, policy="auto")


def write_files(folder: Path, rows: int) -> None:
    """Files of noise and their manifest, with two classes of very different size."""
    frame = pd.DataFrame({"path": [f"{i // FILES_A_FOLDER}/{i}.jpg" for i in range(rows)]})
    sha1s = []
    for i, path in enumerate(frame["path"]):
        data = np.random.default_rng(i).bytes(FILE_BYTES)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
        sha1s.append(sha1_bytes(data))
    label = np.where(np.arange(rows) % 10 == 0, "disgust", "happiness")
    frame = frame.assign(id=frame["path"], sha1=sha1s, split="train", label=label)
    frame = frame.assign(width=48, height=48).sort_values("id", ignore_index=True)
    manifest.write(frame, folder / "manifest.parquet")


def stage(name: str, folder: Path, settings: Settings) -> None:
    """One stage, in its own process."""
    logging.getLogger("fer3d").setLevel(logging.WARNING)
    if name == "align":
        _align(folder, settings)
    elif name == "balance":
        balance_dataset(folder / "align", folder / "balance", BALANCE, settings)
    elif name == "reconstruct":
        standin.run(standin.reconstruct(), folder / "balance", folder / "reconstruct", settings)
    else:
        standin.run(standin.relight(), folder / "reconstruct", folder / "relight", settings)


def _align(folder: Path, settings: Settings) -> None:
    frame = manifest.read(folder / "files/manifest.parquet")
    made = align.producer(10**6, ALIGN, Toolbox(folder))
    made = replace(made, compute=standin.StandIn(("file",), dict(made.outputs), 0.0))
    rows = align.file_source(frame, folder / "files")
    compute_dataset(made, lambda arrays: {}, rows, frame, folder / "align", settings)


def peaks(folder: Path, rows: int, workers: int) -> dict[str, standin.Measured]:
    """The measurements of each stage, first computed, then from the store."""
    write_files(folder / "files", rows)
    settings = Settings(workers=workers, store=str(folder / "store"))
    measured = {}
    for how in ("computed", "from store"):
        for name in ("align", "balance", "reconstruct", "relight"):
            if (name, how) != ("balance", "from store"):
                title = f"{name}, {how}"
                measured[title] = standin.measure(stage, name, folder, settings)
                print(rows, title, measured[title], file=sys.stderr)
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs=2, default=(4000, 40_000))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="working folder; a temporary one by default")
    options = parser.parse_args()
    results = []
    for rows in options.rows:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            results.append(peaks(Path(name), rows, options.workers))
    few, many = (f"{rows:,}" for rows in options.rows)
    names = [f"own {few}", f"own {many}", "ratio", f"resident {few}", f"resident {many}", "ratio"]
    lines = [[title, *_line(results[0][title], results[1][title])] for title in results[0]]
    print(standin.table(["stage, MB", *names], lines))


def _line(few: standin.Measured, many: standin.Measured) -> list[str]:
    pairs = ((few.own, many.own), (few.resident, many.resident))
    return [
        text
        for small, large in pairs
        for text in (f"{small / 1e6:.0f}", f"{large / 1e6:.0f}", f"{large / small:.2f}")
    ]


if __name__ == "__main__":
    main()
