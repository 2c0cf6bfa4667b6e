"""OULU-CASIA NIR&VIS (Zhao et al. 2011).

    OriginalImg/VL/Strong/P001/Anger/000.jpeg

Only sequences in visible light (VL) under strong illumination are used: the last, third last and
fifth last frame of each (paper A, section 5.1).
"""

from collections.abc import Iterator
from pathlib import Path

from fer3d.datasets.entries import Entry
from fer3d.datasets.layouts.reading import existing, images_in, relative
from fer3d.errors import UserError

NAME = "oulu-casia"
IMAGES = ("OriginalImg", "PreProcess Img", ".")
LIGHT = "VL/Strong"
LABELS = ("Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise")
FROM_THE_END = (1, 3, 5)


def recognises(source: Path) -> bool:
    """Whether a folder has this layout, complete or not."""
    return (
        existing(source, *(f"{top}/{light}" for top in IMAGES for light in ("VL", "NI")))
        is not None
    )


def read(source: Path) -> list[Entry]:
    """Entries by subject and expression.

    Raises:
        UserError: no strong visible light, an unknown expression, or a sequence that is too short.
    """
    top = existing(source, *(f"{top}/{LIGHT}" for top in IMAGES))
    if top is None:
        folder = source / IMAGES[0] / LIGHT
        raise UserError(f"{folder} is missing: sequences in visible, strong light are needed")
    folders = sorted(path for path in top.glob("P*/*") if path.is_dir())
    if not folders:
        raise UserError(f"{top} has no sequences such as P001/Anger")
    return [entry for folder in folders for entry in _sequence(folder, source)]


def _sequence(folder: Path, source: Path) -> Iterator[Entry]:
    if folder.name not in LABELS:
        raise UserError(f"{folder}: unknown expression; OULU-CASIA has {', '.join(LABELS)}")
    frames = images_in(folder)
    if len(frames) < max(FROM_THE_END):
        raise UserError(f"{folder} has {len(frames)} frames, expected at least {max(FROM_THE_END)}")
    for path in relative((frames[-place] for place in FROM_THE_END), source):
        yield Entry(path, folder.name.lower(), None, folder.parent.name)
