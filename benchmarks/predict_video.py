"""`fer3d predict` on videos of one face: frames a second, and the memory at two lengths.

python -m benchmarks predict_video                     # 720p, 10 frames/s, 1 and 20 minutes
python -m benchmarks predict_video --minutes 0.2 1
"""

import argparse
import math
import tempfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.commands import fer3d, files_of
from benchmarks.pairs import machine
from benchmarks.standin import table
from fer3d.files.images import load_image
from fer3d.machine import settings

WIDTH, HEIGHT, FPS = 1280, 720, 10
SIDE = 320  # of the photo in the frame, px
SWING, PERIOD_S = 200, 8  # px; the face moves from side to side


def write_film(path: Path, photo: np.ndarray, frames: int) -> None:
    """A video in which a photo (H, W, 3) uint8 RGB moves over a grey wall."""
    face = cv2.cvtColor(cv2.resize(photo, (SIDE, SIDE)), cv2.COLOR_RGB2BGR)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    top = (HEIGHT - SIDE) // 2
    for number in range(frames):
        turn = math.sin(2 * math.pi * number / (FPS * PERIOD_S))
        left = (WIDTH - SIDE) // 2 + round(SWING * turn)
        picture[:] = 128
        picture[top : top + SIDE, left : left + SIDE] = face
        writer.write(picture)
    writer.release()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, nargs="+", default=(1.0, 20.0))
    parser.add_argument("--source", type=Path, default=Path("data/synthetic/images"))
    parser.add_argument("--model", default="fer2013")
    options = parser.parse_args()
    photo, rows = load_image(files_of(options.source)[0]), []
    for minutes in options.minutes:
        frames = round(60 * FPS * minutes)
        with tempfile.TemporaryDirectory() as name:
            film, out = Path(name) / "film.avi", Path(name) / "out.jsonl"
            write_film(film, photo, frames)
            ran = fer3d("predict", film, "--model", options.model, "--jsonl", out)
        speed = f"{frames / ran.seconds:.3g}"
        rows.append([f"{minutes:g}", f"{ran.seconds:.0f}", speed, f"{ran.memory / 1e6:.0f}"])
    print(f"{machine()}, {settings.load(Path()).workers} workers\n")
    print(table(["minutes", "s", "frames/s", "MB"], rows))


if __name__ == "__main__":
    main()
