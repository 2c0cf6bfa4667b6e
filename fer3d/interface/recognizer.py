"""``Recognizer``: the expressions of the faces in images."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from fer3d.assets.recognizers import find_recognizer
from fer3d.errors import printable
from fer3d.evaluation import PROBABILITY
from fer3d.inference.answers import FaceAnswer
from fer3d.inference.documents import BOX
from fer3d.inference.ready import ready_predictor
from fer3d.inference.recognize import Prediction, Predictor, network_arrays
from fer3d.interface.images import ImageLike, NamedImage
from fer3d.interface.pictures import bars_html, figure_html, image_html, thumbnail, with_boxes
from fer3d.interface.results import FaceResult, ImageResult, Results, for_each


@dataclass(frozen=True, repr=False, eq=False)
class FaceExpression(FaceResult):
    """The expression of one face; keys and units as in docs/predict.md.

    Attributes:
        expression: the most probable class.
        probabilities: by class, summing to 1.
        box: x, y, width, height in px of the image; None if no face was detected and the whole
            image was classified.
        rotation_deg: pitch, yaw and roll by name; None without a 3D face.
        presence: confidence of the mesh network that this is a face, 0 to 1.
        no_face3d: why there is no 3D face, or "".
        aligned: the image input of the network, (S, S, 3) uint8 RGB.
        shading: its shading image, the relit frontal face, (S, S) uint8, 0 where hidden.
        inputs: all that a network can get of the face, by the names of an exported model's inputs
            (docs/export.md), without the first dimension.
    """

    expression: str
    probabilities: dict[str, float]
    box: tuple[float, ...] | None
    rotation_deg: dict[str, float] | None
    presence: float
    no_face3d: str
    aligned: np.ndarray
    shading: np.ndarray
    inputs: dict[str, np.ndarray]

    @classmethod
    def of(cls, prediction: Prediction) -> "FaceExpression":
        """The result for a prediction."""
        answer = FaceAnswer.of(prediction)
        return cls(
            prediction.expression,
            prediction.probabilities,
            answer.box,
            answer.rotation_deg,
            answer.presence,
            answer.no_face3d,
            prediction.face.aligned.image,
            prediction.relit.shading,
            network_arrays(prediction.face, prediction.relit),
        )

    def as_row(self) -> dict[str, Any]:
        """Columns as in docs/predict.md; what is not known is not there."""
        chances = {f"{PROBABILITY}{name}": value for name, value in self.probabilities.items()}
        known = {"expression": self.expression, **chances, "face_detected": self.box is not None}
        known |= self.rotation_deg or {}
        known |= {"presence": self.presence, "no_face3d": self.no_face3d or None}
        return known | dict(zip(BOX, self.box or (), strict=False))

    def in_words(self) -> str:
        """The expression and its probability."""
        seen = "" if self.box else " (no face detected: whole image)"
        return f"{self.expression} {max(self.probabilities.values()):.2f}{seen}"

    def _repr_html_(self) -> str:
        """For notebooks: the inputs of the network, and a bar per class."""
        seen = [image_html(self.aligned, "aligned face"), image_html(self.shading, "shading image")]
        return figure_html([*seen, bars_html(self.probabilities)], self.in_words())


class Expressions(ImageResult[FaceExpression]):
    """The expressions of the faces in one image."""

    @property
    def expression(self) -> str:
        """Of the first face.

        Raises:
            ValueError: there is no face.
        """
        return self._first.expression

    @property
    def probabilities(self) -> dict[str, float]:
        """Of the first face, by class; see ``expression``."""
        return self._first.probabilities

    @property
    def _first(self) -> FaceExpression:
        if not self.faces:
            raise ValueError(f"no face was found in {self.image}")
        return self.faces[0]

    def _drawn(self) -> np.ndarray:
        boxes = [[self.scale * side for side in face.box] for face in self.faces if face.box]
        return with_boxes(self.thumbnail, boxes)

    def _details(self) -> list[str]:
        return [face._repr_html_() for face in self.faces]


class Recognizer:
    """A trained recognizer: called with images, it gives their expressions.

    Attributes:
        classes: the expressions, in the network's order.
    """

    def __init__(self, name: str, predictor: Predictor):
        """See ``load``.

        Args:
            name: for ``repr``.
            predictor: the network and its preprocessing.
        """
        self._name, self._predictor = name, predictor
        self.classes = predictor.classes

    @classmethod
    def load(
        cls, model: str | Path | None = None, *, assets: str | Path | None = None
    ) -> "Recognizer":
        """A recognizer by name or file.

        Model files that its preprocessing needs are taken from ``data/assets`` of a checkout that
        is the working directory, else from the user's cache folder, and fetched there at first use.

        Args:
            model: name of a recognizer that comes with fer3d; ``own``, that of the checkout that is
                the working directory; or the path of a file that the stage `train` wrote. By
                default ``fer2013``.
            assets: folder of model files, instead.

        Raises:
            UserError: there is no such recognizer, it is of another version, or model files cannot
                be fetched.
        """
        file = find_recognizer(model)
        return cls(printable(file), ready_predictor(file, Path(assets) if assets else None))

    @overload
    def __call__(  # type: ignore[overload-overlap]  # a str is an Iterable[str] too
        self, images: ImageLike, *, all_faces: bool = False
    ) -> Expressions: ...
    @overload
    def __call__(
        self, images: Iterable[ImageLike], *, all_faces: bool = False
    ) -> Results[Expressions]: ...
    def __call__(
        self, images: ImageLike | Iterable[ImageLike], *, all_faces: bool = False
    ) -> Expressions | Results[Expressions]:
        """The expressions in one image or in several; equal to those of the stages for a file.

        Args:
            images: one or several: paths, arrays (H, W, 3) RGB or (H, W) grey, Pillow images.
            all_faces: of every detected face, the largest first. By default of the large one near
                the centre, or of the whole image if no face is detected.

        Raises:
            UserError: a file cannot be read as an image.
            ValueError: an array is no image.
        """
        return for_each(images, lambda batch: self._recognize(batch, all_faces))

    def __repr__(self) -> str:
        return f"<Recognizer {self._name}: {', '.join(self.classes)}>"

    def _recognize(self, images: Sequence[NamedImage], all_faces: bool) -> list[Expressions]:
        found = self._predictor.recognize([image.pixels for image in images], all_faces=all_faces)
        return [_expressions(*both) for both in zip(images, found, strict=True)]


def _expressions(image: NamedImage, found: Sequence[Prediction]) -> Expressions:
    height, width = image.pixels.shape[:2]
    faces = tuple(map(FaceExpression.of, found))
    return Expressions(image.name, (height, width), faces, thumbnail(image.pixels))
