"""CK+, the extended Cohn-Kanade data set (Lucey et al. 2010).

    cohn-kanade-images/S005/001/S005_001_00000011.png
    Emotion/S005/001/S005_001_00000011_emotion.txt        3.0000000e+00

A sequence starts with a neutral face and ends at the peak of the expression. The last frames of
each sequence are used, three as a rule, and if wanted the first one, as neutral. Sequences without
an emotion file have no label: their last frames are left out.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import PositiveInt

from fer3d.datasets.entries import Entry, LeftOut
from fer3d.datasets.layouts.reading import (
    class_number,
    existing,
    images_in,
    lines_of,
    relative,
    visible,
)
from fer3d.errors import UserError
from fer3d.files.sections import Section

NAME = "ck+"
# Each archive may be unpacked into a folder with its own name.
IMAGES = (
    "cohn-kanade-images",
    "extended-cohn-kanade-images/cohn-kanade-images",
    "extended-cohn-kanade-images",
)
EMOTIONS = ("Emotion", "Emotion_labels/Emotion", "Emotion_labels")
FILES = "S*/*/*_emotion.txt"
LABELS = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
NEUTRAL = LABELS[0]


class CkPlusParams(Section):
    """Which frames of a sequence are used.

    Attributes:
        last_frames: number of frames at its end, with its label.
        neutral_first: also its first frame, as neutral.
    """

    last_frames: PositiveInt = 3
    neutral_first: bool = False


def recognises(source: Path) -> bool:
    """Whether a folder has this layout, complete or not."""
    emotions = existing(source, *EMOTIONS)
    labelled = emotions is not None and bool(visible(emotions, FILES))
    return labelled or existing(source, *IMAGES) is not None


def read(source: Path, params: CkPlusParams | None = None) -> list[Entry]:
    """Entries by subject and sequence, those with a label first.

    Args:
        source: the folder.
        params: None: the defaults.

    Raises:
        UserError: emotion files or images of a sequence are missing, or a label is invalid.
    """
    params = params or CkPlusParams()
    images, emotions = existing(source, *IMAGES), existing(source, *EMOTIONS)
    if images is None or emotions is None:
        missing = source / (IMAGES[0] if images is None else EMOTIONS[0])
        raise UserError(f"{missing} is missing: CK+ has a folder of images and one of labels")
    files = visible(emotions, FILES)
    if not files:
        raise UserError(
            f"{emotions} has no emotion files such as S005/001/S005_001_00000011_emotion.txt"
        )
    entries = [entry for file in files for entry in _sequence(file, images, source, params)]
    labelled = {Path(*file.parts[-3:-1]) for file in files}
    for folder in (path for path in visible(images, "*/*") if path.is_dir()):
        if folder.relative_to(images) not in labelled:
            paths = relative(images_in(folder)[-params.last_frames :], source)
            entries += [Entry(p, "", None, folder.parent.name, LeftOut.NO_LABEL) for p in paths]
    return entries


def _sequence(file: Path, images: Path, source: Path, params: CkPlusParams) -> Iterator[Entry]:
    subject, sequence = file.parts[-3:-1]
    folder = images / subject / sequence
    frames = images_in(folder) if folder.is_dir() else []
    if not frames:
        raise UserError(f"{folder} has no frames, but {file} has their label")
    paths = relative(frames, source)
    if params.neutral_first:
        yield Entry(paths.pop(0), NEUTRAL, None, subject)
    for path in paths[-params.last_frames :]:
        yield Entry(path, _label(file), None, subject)


def _label(file: Path) -> str:
    return LABELS[class_number(" ".join(lines_of(file)), len(LABELS), file)]
