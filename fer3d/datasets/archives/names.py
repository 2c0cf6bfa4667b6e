"""Names of unpacked files, of which none is taken from a container as it is."""

import re
from pathlib import Path, PurePosixPath

from fer3d.files.images import suffixes

OTHER_SUFFIX = ".image"


def member_path(number: int, container: Path, place: int, name: str) -> str:
    """The path to which a record is unpacked, relative to the folder of its data set.

    Args:
        number: of the container.
        container: its file.
        place: of the record in the container.
        name: of the image file, of which only a known suffix is kept.
    """
    stem = re.sub(r"[^\w-]+", "_", container.stem, flags=re.ASCII)
    suffix = PurePosixPath(name).suffix.lower()
    return f"{number:05}-{stem}/{place:07}{suffix if suffix in suffixes() else OTHER_SUFFIX}"
