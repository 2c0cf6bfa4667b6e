"""Speed of face detection: fer3d's MTCNN and the `mtcnn` package, in one run on the same images.

    python benchmarks/align.py [--images 256] [--size 128] [--workers 2]

The rows of the package need the extra `reference` (TensorFlow) in the same environment. Each row is
the best of three runs.
"""

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from fer3d.alignment.align import align_dataset
from fer3d.alignment.mtcnn import Mtcnn
from fer3d.alignment.params import AlignParams
from fer3d.datasets.params import SourceParams
from fer3d.files import manifest
from fer3d.files.digests import sha1_bytes
from fer3d.files.images import decode, resize, write_png
from fer3d.machine.ordered_map import batches
from fer3d.machine.settings import Settings
from fer3d.toolbox import Toolbox

ROOT = Path(__file__).parent.parent
ASSETS = ROOT / "data" / "assets"
FACES = ROOT / "tests" / "alignment" / "data" / "synthetic"
BATCH = 64  # images
RUNS = 3


def load_images(count: int, size: int) -> np.ndarray:
    """Rendered faces (count, size, size, 3), repeated as often as needed."""
    pictures = [decode(path.read_bytes()) for path in sorted(FACES.glob("*.jpg"))]
    return np.stack([resize(pictures[i % len(pictures)], size, size) for i in range(count)])


def best_time(function: Callable[[], object]) -> float:
    """Seconds of the fastest run, after a warm-up."""
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def ours(images: np.ndarray, workers: int) -> dict[str, float]:
    torch.set_num_threads(1)
    detector = Mtcnn(ASSETS)
    parts = [images[rows.start : rows.stop] for rows in batches(len(images), BATCH)]
    few = images[: len(images) // 4]
    return {
        "fer3d, one image at a time": best_time(lambda: [detector.detect(i[None]) for i in few])
        * 4,
        f"fer3d, batches of {BATCH}": best_time(lambda: [detector.detect(p) for p in parts]),
        f"fer3d, whole stage, {workers} processes": stage_time(images, workers),
    }


def stage_time(images: np.ndarray, workers: int) -> float:
    """Seconds of the stage `align`: files read, decoded, aligned, written."""
    params = AlignParams(
        detector="mtcnn", size=100, crop=1.5, padding=0, min_face=20, thresholds=(0.6, 0.7, 0.8)
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_dataset(folder, images)
        toolbox = Toolbox(ASSETS, settings=Settings(workers=workers, device="cpu"))
        origin = SourceParams(source=name, max_pixels=10**8)
        source, out = folder / "manifest.parquet", folder / "out"
        return best_time(lambda: align_dataset(source, origin, out, params, toolbox))


def write_dataset(folder: Path, images: np.ndarray) -> None:
    names = [f"{i:06d}.png" for i in range(len(images))]
    for name, image in zip(names, images, strict=True):
        write_png(folder / name, image)
    frame = pd.DataFrame({"id": names, "path": names, "label": "neutral", "split": "train"})
    frame["sha1"] = [sha1_bytes((folder / name).read_bytes()) for name in names]
    frame["height"], frame["width"] = images.shape[1:3]
    manifest.write(frame, folder / "manifest.parquet")


def package(images: np.ndarray) -> dict[str, float]:
    if not all(importlib.util.find_spec(name) for name in ("mtcnn", "tensorflow")):
        print("The package's rows need the extra `reference`: pip install -e '.[reference]'")
        return {}
    from mtcnn import MTCNN

    reference = MTCNN()
    few = images[: len(images) // 4]
    parts = [list(few[rows.start : rows.stop]) for rows in batches(len(few), BATCH)]
    return {
        "mtcnn, one image at a time": best_time(lambda: [reference.detect_faces(i) for i in few])
        * 4,
        f"mtcnn, batches of {BATCH}": best_time(lambda: [reference.detect_faces(p) for p in parts])
        * 4,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--size", type=int, default=128, help="side, px")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    images = load_images(options.images, options.size)
    seconds = {**ours(images, options.workers), **package(images)}
    slowest = max(seconds.values())
    print(f"{options.images} images of {options.size} px")
    for name, value in seconds.items():
        print(f"{name:40}{options.images / value:8.0f} images/s{slowest / value:8.1f} x")


if __name__ == "__main__":
    main()
