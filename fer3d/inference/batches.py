"""Classification of image files, in batches over worker processes.

Large packages are only imported in the workers, so that the workers start early.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from fer3d.errors import printable
from fer3d.files import images
from fer3d.files.outputs import SOFTWARE, write_output
from fer3d.inference.answers import Answer, FaceAnswer
from fer3d.machine.ordered_map import batches, map_ordered
from fer3d.machine.settings import Settings
from fer3d.machine.threads import single_threaded
from fer3d.toolbox import Toolbox

if TYPE_CHECKING:
    import numpy as np

    from fer3d.inference.recognize import Prediction, Predictor

MANY = 20  # number of images from which a progress bar is shown
BATCH = 16  # files per task, lost by an interruption
MIN_FILES = 16  # per worker; fewer take less time than its start
BATCH_PIXELS = 1 << 22  # px that are processed together, bounds the memory


@dataclass(frozen=True)
class Job:
    """What to do with each file.

    Attributes:
        checkpoint: file of the recognizer.
        toolbox: model files, and the device.
        all_faces: classify every face of an image, not only the most central large one.
        parts: additional content of pictures, see ``fer3d.inference.draw``.
        min_confidence: of an answer; below it the answer is ``uncertain``.
    """

    checkpoint: Path
    toolbox: Toolbox
    all_faces: bool = False
    parts: frozenset[str] = frozenset()
    min_confidence: float = 0.0

    @property
    def predictor(self) -> "Predictor":
        """The recognizer, loaded once per process."""
        from fer3d.inference.recognize import load_predictor

        return load_predictor(self.checkpoint, self.toolbox, self.min_confidence)


@dataclass(frozen=True)
class Photo:
    """An image file, and the path of its picture or None."""

    path: Path
    picture: Path | None = None


Answered = tuple[Answer, tuple[str, ...]]
"""An answer, and the classes of the recognizer."""


def answer_files(photos: Sequence[Photo], job: Job, settings: Settings) -> Iterator[Answered]:
    """Recognize the expressions in each file; invalid files do not stop the others.

    Answers are in the order of the files, and do not depend on the number of workers.

    Args:
        photos: image files.
        job: what to do with each.
        settings: number of workers.
    """
    if len(photos) < MANY:
        yield from chain.from_iterable(
            single_threaded(partial(answer_batch, job), [photo]) for photo in photos
        )
        return
    parts = [[photos[i] for i in part] for part in batches(len(photos), BATCH)]
    workers = max(1, min(settings.workers, len(photos) // MIN_FILES))
    here = settings.model_copy(update={"workers": workers, "parallel": "processes"})
    results = map_ordered(
        partial(answer_batch, job),
        parts,
        settings=here,
        description="predict",
        weights=[len(part) for part in parts],
    )
    for result in results:
        yield from result


def answer_batch(job: Job, photos: Sequence[Photo]) -> list[Answered]:
    """Recognize the expressions in some files; see ``answer_files``."""
    classes = job.predictor.classes
    answers: list[Answer] = []
    waiting: list[tuple[Photo, np.ndarray]] = []
    for photo in photos:
        try:
            image = images.load_image(photo.path, max_pixels=images.MAX_PIXELS)
        except images.Rejected as rejected:
            answers += _recognized(job, waiting)
            answers.append(Answer.unread(photo.path, rejected))
            waiting = []
            continue
        waiting.append((photo, image))
        if sum(image.shape[0] * image.shape[1] for _, image in waiting) > BATCH_PIXELS:
            answers += _recognized(job, waiting)
            waiting = []
    answers += _recognized(job, waiting)
    return [(answer, classes) for answer in answers]


def _recognized(job: Job, photos: "Sequence[tuple[Photo, np.ndarray]]") -> list[Answer]:
    if not photos:
        return []
    found = job.predictor.recognize([image for _, image in photos], all_faces=job.all_faces)
    for (photo, image), predictions in zip(photos, found, strict=True):
        if photo.picture is not None:
            _write_picture(photo.picture, image, predictions, job)
    return [
        _answer(photo.path, predictions)
        for (photo, _), predictions in zip(photos, found, strict=True)
    ]


def _answer(path: Path, predictions: "Sequence[Prediction]") -> Answer:
    seen = max((prediction.face.aligned.faces_found for prediction in predictions), default=0)
    return Answer(printable(path), tuple(map(FaceAnswer.of, predictions)), seen)


def _write_picture(
    path: Path, image: "np.ndarray", predictions: "Sequence[Prediction]", job: Job
) -> None:
    from fer3d.inference.draw import draw_photo

    picture = draw_photo(image, predictions, job.parts, job.toolbox)
    write_output(path, images.encode_png(picture, SOFTWARE))
