"""Image files to expressions, and these to JSON and CSV: the work of ``fer3d predict``."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from fer3d.errors import printable
from fer3d.evaluation.predictions import PROBABILITY
from fer3d.files import images
from fer3d.files.atomic import json_text
from fer3d.inference.recognize import Prediction, Predictor
from fer3d.machine.progress import progress

MANY = 20  # images, from which on there is a progress bar
ANGLES = ("pitch", "yaw", "roll")
BOX = ("box_x", "box_y", "box_w", "box_h")


@dataclass(frozen=True)
class FaceAnswer:
    """What is said of one face, in plain numbers.

    Attributes:
        expression: the most probable class.
        probabilities: by class, summing to 1.
        box: x, y, width, height in px of the image; None where no face was detected and the whole
            image was looked at.
        rotation_deg: pitch, yaw and roll by name; None where there is no 3D face.
        no_face3d: why there is none, or "".
    """

    expression: str
    probabilities: dict[str, float]
    box: tuple[float, ...] | None
    rotation_deg: dict[str, float] | None
    no_face3d: str

    @classmethod
    def of(cls, prediction: Prediction) -> "FaceAnswer":
        """What is written of a prediction."""
        aligned, found = prediction.face.aligned, prediction.face.reconstruction
        angles = (round(float(angle), 3) for angle in found.pose)
        return cls(
            prediction.expression,
            {name: round(value, 6) for name, value in prediction.probabilities.items()},
            tuple(round(float(v), 2) for v in aligned.box_source) if aligned.detection else None,
            None if found.reason else dict(zip(ANGLES, angles, strict=True)),
            found.reason,
        )

    def as_json(self) -> dict[str, Any]:
        """Keys as in docs/predict.md."""
        return {
            "expression": self.expression,
            "probabilities": self.probabilities,
            "face_detected": self.box is not None,
            "rotation_deg": self.rotation_deg,
            "no_face3d": self.no_face3d or None,
            "box": self.box,
        }

    def as_row(self) -> dict[str, Any]:
        """Columns of the CSV file; what is not known is not there."""
        chances = {f"{PROBABILITY}{name}": value for name, value in self.probabilities.items()}
        box = dict(zip(BOX, self.box or (), strict=False))
        return self.as_json() | chances | (self.rotation_deg or {}) | box


@dataclass(frozen=True)
class Answer:
    """What is said of one file.

    Attributes:
        image: its path, as text that can be written.
        faces: the most central large face, or all, the largest first; none of what is no image.
        faces_found: how many the detector found.
        problem: why the file is no image, or "".
    """

    image: str
    faces: tuple[FaceAnswer, ...] = ()
    faces_found: int = 0
    problem: str = ""

    @property
    def other_faces(self) -> int:
        """Faces that were found and are not among ``faces``."""
        return max(0, self.faces_found - len(self.faces))


def answer_files(
    files: Sequence[Path], predictor: Predictor, *, all_faces: bool = False
) -> Iterator[Answer]:
    """Recognize the expressions in each file; one that is no image does not stop the others.

    Args:
        files: image files.
        predictor: the recognizer.
        all_faces: of every face of an image, not of the most central large one alone.
    """
    many = len(files) >= MANY
    with progress("predict", len(files)) if many else nullcontext(lambda _: None) as advance:
        for path in files:
            yield answer_file(path, predictor, all_faces=all_faces)
            advance(1)


def answer_file(path: Path, predictor: Predictor, *, all_faces: bool = False) -> Answer:
    """Recognize the expressions in a file; see ``answer_files``."""
    limit = images.MAX_PIXELS  # training may have taken images as large
    try:
        image = images.load_image(path, max_pixels=limit)
    except images.Rejected as rejected:
        return Answer(printable(path), problem=str(rejected))
    found = predictor.all_faces(image) if all_faces else [predictor.central_face(image)]
    seen = max((prediction.face.aligned.faces_found for prediction in found), default=0)
    return Answer(printable(path), tuple(map(FaceAnswer.of, found)), seen)


def answers_json(answers: Sequence[Answer], *, all_faces: bool = False) -> bytes:
    """``{"images": [...]}``: docs/predict.md says what is in it."""
    return json_text({"images": [_as_json(answer, all_faces) for answer in answers]}).encode()


def _as_json(answer: Answer, all_faces: bool) -> dict[str, Any]:
    if answer.problem:
        return {"image": answer.image, "error": answer.problem}
    faces = [face.as_json() for face in answer.faces]
    if all_faces:
        return {"image": answer.image, "faces": faces}
    return {"image": answer.image, **faces[0], "other_faces": answer.other_faces}


def answers_csv(
    answers: Sequence[Answer], classes: Sequence[str], *, all_faces: bool = False
) -> bytes:
    """A row an image, or a row a face.

    There is a column for each class. What is no image, or has no face where all are asked for, has
    a row too.
    """
    chances = [f"{PROBABILITY}{name}" for name in classes]
    known = ["expression", *chances, "face_detected", *ANGLES, "no_face3d", *BOX]
    columns = ["image", *(["face"] if all_faces else []), *known]
    columns += ["error"] if all_faces else ["other_faces", "error"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(chain.from_iterable(map(_as_rows, answers)))
    return text.getvalue().encode()


def _as_rows(answer: Answer) -> list[dict[str, Any]]:
    about: dict[str, Any] = {"image": answer.image, "error": answer.problem or None}
    if not answer.faces:
        return [about]
    about |= {"other_faces": answer.other_faces}
    faces = enumerate(answer.faces, start=1)
    return [about | {"face": number} | face.as_row() for number, face in faces]
