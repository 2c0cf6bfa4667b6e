"""Small videos of rendered faces."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer3d.files.images import load_image

FPS, WIDTH, HEIGHT, SIDE = 10, 320, 240, 128


def write_video(path: Path, pictures: Iterable[np.ndarray]) -> Path:
    """Write pictures (240, 320, 3) uint8 RGB as a video."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    assert writer.isOpened()
    for picture in pictures:
        writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def scene(*faces: tuple[np.ndarray, int, int]) -> np.ndarray:
    """Faces (128, 128, 3) on grey, each with the column and row of its corner."""
    picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for face, x, y in faces:
        picture[y : y + SIDE, x : x + SIDE] = face
    return picture


@pytest.fixture(scope="session")
def rendered(repository: Path) -> list[np.ndarray]:
    """Two rendered people (128, 128, 3)."""
    folder = repository / "tests/alignment/data/synthetic"
    return [load_image(folder / name) for name in ("anger_0002.jpg", "happiness_0002.jpg")]


@pytest.fixture(scope="session")
def film(rendered, tmp_path_factory) -> Path:
    """24 frames: one moves to the right, another comes in frame 12."""
    one, other = rendered
    pictures = [
        scene((one, 10 + n, 20 + n // 2), *([(other, 170, 100)] if n >= 12 else []))
        for n in range(24)
    ]
    return write_video(tmp_path_factory.mktemp("film") / "two.avi", pictures)


@pytest.fixture(scope="session")
def empty_film(tmp_path_factory) -> Path:
    """12 frames without a face."""
    return write_video(tmp_path_factory.mktemp("film") / "none.avi", [scene()] * 12)
