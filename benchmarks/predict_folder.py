"""`fer3d predict` on a folder of photos, with start-up, and on a single photo.

python -m benchmarks predict_folder                    # 1,000 photos, workers on all cores
FER3D_WORKERS=1 python -m benchmarks predict_folder --photos 200
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from benchmarks.commands import fer3d, files_of
from benchmarks.pairs import machine
from benchmarks.standin import table
from fer3d.machine import settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--source", type=Path, default=Path("data/synthetic/images"))
    parser.add_argument("--model", default="fer2013")
    options = parser.parse_args()
    files = files_of(options.source)
    with tempfile.TemporaryDirectory() as name:
        for number in range(options.photos):  # each file once more, where there are too few
            file = files[number % len(files)]
            shutil.copy(file, Path(name) / f"{number:06}{file.suffix}")
        out = Path(name) / "out.jsonl"
        one = fer3d("predict", files[0], "--model", options.model)
        many = fer3d("predict", name, "--model", options.model, "--jsonl", out)
    print(f"{machine()}, {settings.load(Path()).workers} workers\n")
    rows = [
        [str(count), f"{ran.seconds:.1f}", f"{count / ran.seconds:.3g}", f"{ran.memory / 1e6:.0f}"]
        for count, ran in ((1, one), (options.photos, many))
    ]
    print(table(["photos", "s", "photos/s", "MB"], rows))


if __name__ == "__main__":
    main()
