"""Aff-Wild2 as distributed for ABAW's expression challenge: labels per frame, cropped faces.

    EXPR_Set/Train_Set/1-30-1280x720.txt          a header, then one label per frame; -1: none
    EXPR_Set/Validation_Set/video59.txt
    cropped_aligned/1-30-1280x720/00001.jpg       first line below the header; a frame without a
                                                  face has no crop

The folder of labels may have another name that starts with EXPR, and be in a folder of annotations;
those of other challenges beside it are ignored. The video is used as the subject.
"""

from collections.abc import Iterator
from pathlib import Path

from fer3d.datasets.entries import Entry, LeftOut, split_name
from fer3d.datasets.layouts.reading import images_in, lines_of, needed, relative, visible
from fer3d.errors import UserError

NAME = "aff-wild2"
IMAGES = "cropped_aligned"
SETS = ("Train_Set", "Validation_Set")
ANNOTATIONS = ("EXPR*", "*/EXPR*")  # folders of the sets
LABELS = {"neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise", "other"}
NOT_ANNOTATED = "-1"


def recognises(source: Path) -> bool:
    """Whether a folder has the crops, or the annotations."""
    return (source / IMAGES).is_dir() or any(_annotations(source, name) for name in SETS)


def read(source: Path) -> list[Entry]:
    """Entries of the frames that have a crop, by split and video.

    Raises:
        UserError: crops or annotations are missing, a header or a line is invalid, or a frame has
            no line.
    """
    needed(source / IMAGES, "Aff-Wild2's cropped and aligned frames")
    files = [file for name in SETS for file in _set(source, name)]
    return [entry for file in files for entry in _video(file, source)]


def _set(source: Path, name: str) -> list[Path]:
    files = _annotations(source, f"{name}/*.txt")
    if not files:
        raise UserError(f"{source} has no annotations such as EXPR_Set/{name}/video.txt")
    return files


def _annotations(source: Path, pattern: str) -> list[Path]:
    return [path for folder in ANNOTATIONS for path in visible(source, f"{folder}/{pattern}")]


def _video(file: Path, source: Path) -> Iterator[Entry]:
    header, *numbers = lines_of(file, blank=True) or [""]
    labels = [name.strip().lower() for name in header.split(",")]
    if not set(labels) <= LABELS:
        raise UserError(
            f"{file}: expected the names of expressions in its first line, got {header!r}"
        )
    folder = needed(source / IMAGES / file.stem, f"{file} has the labels of its frames")
    split = split_name(file.parent.name.partition("_")[0])
    frames = images_in(folder)
    for frame, path in zip(frames, relative(frames, source), strict=True):
        number = _annotation(frame, numbers, file)
        if number == NOT_ANNOTATED:
            yield Entry(path, "", split, file.stem, LeftOut.NO_LABEL)
        else:
            yield Entry(path, _label(number, labels, file), split, file.stem)


def _annotation(frame: Path, numbers: list[str], file: Path) -> str:
    if not frame.stem.isdecimal() or not 1 <= int(frame.stem) <= len(numbers):
        raise UserError(f"{frame} has no line in {file}, which annotates {len(numbers)} frames")
    return numbers[int(frame.stem) - 1]


def _label(number: str, labels: list[str], file: Path) -> str:
    if not number.isdecimal() or int(number) >= len(labels):
        raise UserError(
            f"{file}: expected -1 or a number of 0 to {len(labels) - 1}, got {number!r}"
        )
    return labels[int(number)]
