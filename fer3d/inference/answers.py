"""Image files and folders of them to expressions: the work of ``fer3d predict``."""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer3d.datasets.folder import IMAGE_SUFFIXES, is_visible
from fer3d.errors import UserError, printable
from fer3d.evaluation.predictions import PROBABILITY
from fer3d.files.atomic import write_json, write_text
from fer3d.files.images import Rejected
from fer3d.inference.recognize import Predictor
from fer3d.machine.progress import progress

MANY = 20  # images, from which on there is a progress bar
ANGLES = ("pitch", "yaw", "roll")


@dataclass(frozen=True)
class Answer:
    """What is said of one file.

    Attributes:
        image: its path, as text that can be written.
        expression: the most probable class, or "" where the file is no image.
        probabilities: by class, summing to 1; None where the file is no image.
        detected: a face was found; if not, the whole image was looked at.
        rotation_deg: pitch, yaw and roll by name; None where there is no 3D face.
        no_face3d: why there is none, or "".
        problem: why the file is no image, or "".
    """

    image: str
    expression: str = ""
    probabilities: dict[str, float] | None = None
    detected: bool = False
    rotation_deg: dict[str, float] | None = None
    no_face3d: str = ""
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """In plain numbers; ``error`` is there only for a file that is no image."""
        if self.problem:
            return {"image": self.image, "error": self.problem}
        return {
            "image": self.image,
            "expression": self.expression,
            "probabilities": self.probabilities,
            "face_detected": self.detected,
            "rotation_deg": self.rotation_deg,
            "no_face3d": self.no_face3d or None,
        }

    def as_row(self) -> dict[str, Any]:
        """Columns of the CSV file; what is not known is not there."""
        flat = self.as_json() | (self.rotation_deg or {})
        chances = self.probabilities or {}
        return flat | {f"{PROBABILITY}{name}": value for name, value in chances.items()}


def image_files(paths: Sequence[Path]) -> list[Path]:
    """Files as they are named, and the image files of folders at any depth, sorted.

    Raises:
        UserError: a folder without image files.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(_walk(path)) if path.is_dir() else [path]
        if not found:
            raise UserError(f"{path} holds no image files ({', '.join(sorted(IMAGE_SUFFIXES))})")
        files += found
    return files


def answer_files(files: Sequence[Path], predictor: Predictor) -> list[Answer]:
    """Recognize the expression in each file; one that is no image does not stop the others."""
    many = len(files) >= MANY
    answers = []
    with progress("predict", len(files)) if many else nullcontext(lambda _: None) as advance:
        for path in files:
            answers.append(answer_file(path, predictor))
            advance(1)
    return answers


def answer_file(path: Path, predictor: Predictor) -> Answer:
    """Recognize the expression in a file."""
    image = printable(path)
    try:
        prediction = predictor.file(path)
    except Rejected as rejected:
        return Answer(image, problem=str(rejected))
    face = prediction.face.reconstruction
    angles = (round(float(angle), 3) for angle in face.pose)
    return Answer(
        image,
        prediction.expression,
        {name: round(value, 6) for name, value in prediction.probabilities.items()},
        prediction.face.aligned.detection != "",
        None if face.reason else dict(zip(ANGLES, angles, strict=True)),
        face.reason,
    )


def write_answers_json(answers: Sequence[Answer], path: Path) -> None:
    """Write ``{"images": [...]}``, see ``Answer.as_json``, in one atomic step."""
    write_json(path, {"images": [answer.as_json() for answer in answers]})


def write_answers_csv(answers: Sequence[Answer], classes: Sequence[str], path: Path) -> None:
    """Write a row an image, with a column for each class, in one atomic step."""
    chances = [f"{PROBABILITY}{name}" for name in classes]
    columns = ["image", "expression", *chances, "face_detected", *ANGLES, "no_face3d", "error"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(answer.as_row() for answer in answers)
    write_text(path, text.getvalue())


def _walk(folder: Path) -> Iterator[Path]:
    """Image files in a folder, but for what is hidden or left behind by other programs."""
    for parent, folders, files in os.walk(folder):
        folders[:] = filter(is_visible, folders)
        names = (name for name in files if Path(name).suffix.lower() in IMAGE_SUFFIXES)
        yield from (Path(parent, name) for name in filter(is_visible, names))
