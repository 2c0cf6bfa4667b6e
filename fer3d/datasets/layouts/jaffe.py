"""JAFFE, Japanese Female Facial Expression (Lyons et al. 1998).

KA.AN1.39.tiff        subject, expression with number of the take, running number
"""

import re
from pathlib import Path

from fer3d.datasets.entries import Entry
from fer3d.datasets.layouts.reading import images_in, relative
from fer3d.errors import UserError

NAME = "jaffe"
LABELS = {
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}
_FILE = re.compile(r"([A-Z]{2})\.([A-Z]{2})\d\.\d+\.\w+")


def recognises(source: Path) -> bool:
    """Whether most images of a folder are named like JAFFE's."""
    named = [_FILE.fullmatch(path.name) is not None for path in images_in(source)]
    return sum(named) > len(named) / 2


def read(source: Path) -> list[Entry]:
    """Entries by name.

    Raises:
        UserError: an image with another name, or an unknown expression.
    """
    images = images_in(source)
    return [
        _entry(image, path) for image, path in zip(images, relative(images, source), strict=True)
    ]


def _entry(image: Path, path: str) -> Entry:
    found = _FILE.fullmatch(image.name)
    if found is None or found[2] not in LABELS:
        raise UserError(
            f"{image} is not named like JAFFE's images: expected for instance KA.AN1.39.tiff, with "
            f"one of the expressions {', '.join(LABELS)}"
        )
    return Entry(path, LABELS[found[2]], None, found[1])
