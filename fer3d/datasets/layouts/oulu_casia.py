"""OULU-CASIA NIR&VIS (Zhao et al. 2011).

    OriginalImg/VL/Strong/P001/Anger/000.jpeg

The folders are those of the camera (VL: visible light, NI: near infrared) and the illumination.
Paper A uses visible light and strong illumination, and the last, third last and fifth last frame of
each sequence (section 5.1).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from fer3d.datasets.entries import Entry
from fer3d.datasets.layouts.reading import existing, images_in, relative, visible
from fer3d.errors import UserError
from fer3d.files.sections import Section

NAME = "oulu-casia"
IMAGES = ("OriginalImg", "PreProcess Img", ".")
LABELS = ("Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise")


class OuluCasiaParams(Section):
    """Which sequences and frames are used.

    Attributes:
        camera: VL, visible light, or NI, near infrared.
        light: illumination.
        frames_from_end: frames of a sequence, counted from its end; 1 is the last.
    """

    camera: Literal["VL", "NI"] = "VL"
    light: Literal["Strong", "Weak", "Dark"] = "Strong"
    frames_from_end: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (1, 3, 5)

    @property
    def folder(self) -> str:
        """Where the sequences are, such as VL/Strong."""
        return f"{self.camera}/{self.light}"


def recognises(source: Path) -> bool:
    """Whether a folder has this layout, complete or not."""
    return (
        existing(source, *(f"{top}/{light}" for top in IMAGES for light in ("VL", "NI")))
        is not None
    )


def read(source: Path, params: OuluCasiaParams | None = None) -> list[Entry]:
    """Entries by subject and expression.

    Args:
        source: the folder.
        params: None: the defaults.

    Raises:
        UserError: the folder of camera and illumination is missing, an unknown expression, or a
            sequence that is too short.
    """
    params = params or OuluCasiaParams()
    top = existing(source, *(f"{top}/{params.folder}" for top in IMAGES))
    if top is None:
        folder = source / IMAGES[0] / params.folder
        raise UserError(f"{folder} is missing: it has the sequences of ingest.oulu_casia")
    folders = [path for path in visible(top, "P*/*") if path.is_dir()]
    if not folders:
        raise UserError(f"{top} has no sequences such as P001/Anger")
    places = sorted(set(params.frames_from_end))
    return [entry for folder in folders for entry in _sequence(folder, source, places)]


def _sequence(folder: Path, source: Path, places: list[int]) -> Iterator[Entry]:
    if folder.name not in LABELS:
        raise UserError(f"{folder}: unknown expression; OULU-CASIA has {', '.join(LABELS)}")
    frames = images_in(folder)
    if len(frames) < places[-1]:
        raise UserError(f"{folder} has {len(frames)} frames, expected at least {places[-1]}")
    for path in relative((frames[-place] for place in places), source):
        yield Entry(path, folder.name.lower(), None, folder.parent.name)
