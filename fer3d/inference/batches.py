"""Classification of image files, in batches over worker processes.

Large packages are only imported in the workers, so that the workers start early.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fer3d.errors import printable
from fer3d.files import images
from fer3d.files.outputs import SOFTWARE, write_output
from fer3d.inference.answers import Answer, FaceAnswer
from fer3d.machine.ordered_map import batches, map_ordered
from fer3d.machine.settings import Settings
from fer3d.machine.startup import packages_imported
from fer3d.machine.threads import single_threaded
from fer3d.toolbox import Toolbox

if TYPE_CHECKING:
    import numpy as np

    from fer3d.inference.recognize import Prediction, Predictor

MANY = 20  # number of images from which a progress bar is shown
BATCH = 16  # files per task, lost by an interruption; images that are processed together
MIN_FILES = 16  # per worker; fewer take less time than its start
BATCH_PIXELS = 1 << 22  # px that are processed together, bounds the memory

Item = TypeVar("Item")


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
        if photos:
            load_libraries()
        yield from chain.from_iterable(
            single_threaded(partial(answer_batch, job), [photo]) for photo in photos
        )
        return
    parts = [[photos[i] for i in part] for part in batches(len(photos), BATCH)]
    workers = max(1, min(settings.workers, len(photos) // MIN_FILES))
    if workers == 1:
        load_libraries()
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


def load_libraries() -> None:
    """Import what recognizes; ``single_threaded`` only limits libraries that are loaded before."""
    with packages_imported():
        from fer3d.inference import recognize  # noqa: F401


def answer_batch(job: Job, photos: Sequence[Photo]) -> list[Answered]:
    """Recognize the expressions in some files; see ``answer_files``."""
    classes = job.predictor.classes
    read = ((photo, _pixels(photo)) for photo in photos)
    parts = by_pixels(read, lambda one: one[1])
    return [(answer, classes) for part in parts for answer in _answers(job, part)]


def by_pixels(
    items: Iterable[Item], pixels_of: "Callable[[Item], np.ndarray | images.Rejected]"
) -> Iterator[list[Item]]:
    """Consecutive images in batches of at most ``BATCH``, and little more than ``BATCH_PIXELS``.

    Args:
        items: images, taken one at a time.
        pixels_of: the pixels (H, W, ...) of an item, or why it has none.
    """
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        pixels = pixels_of(item)
        size += 0 if isinstance(pixels, images.Rejected) else pixels.shape[0] * pixels.shape[1]
        if len(batch) == BATCH or size > BATCH_PIXELS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _pixels(photo: Photo) -> "np.ndarray | images.Rejected":
    try:
        return images.load_image(photo.path, max_pixels=images.MAX_PIXELS)
    except images.Rejected as rejected:
        return rejected


def _answers(
    job: Job, photos: "Sequence[tuple[Photo, np.ndarray | images.Rejected]]"
) -> Iterator[Answer]:
    """The answer for each file, in their order; writes their pictures."""
    there = [pixels for _, pixels in photos if not isinstance(pixels, images.Rejected)]
    found = iter(job.predictor.recognize(there, all_faces=job.all_faces) if there else ())
    for photo, pixels in photos:
        if isinstance(pixels, images.Rejected):
            yield Answer.unread(photo.path, pixels)
            continue
        predictions = next(found)
        if photo.picture is not None:
            _write_picture(photo.picture, pixels, predictions, job)
        yield _answer(photo.path, predictions)


def _answer(path: Path, predictions: "Sequence[Prediction]") -> Answer:
    seen = max((prediction.face.aligned.faces_found for prediction in predictions), default=0)
    return Answer(printable(path), tuple(map(FaceAnswer.of, predictions)), seen)


def _write_picture(
    path: Path, image: "np.ndarray", predictions: "Sequence[Prediction]", job: Job
) -> None:
    from fer3d.inference.draw import draw_photo

    picture = draw_photo(image, predictions, job.parts, job.toolbox)
    write_output(path, images.encode_png(picture, SOFTWARE))
