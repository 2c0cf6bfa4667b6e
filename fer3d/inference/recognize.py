"""From an image to the expression of a face, by the pipeline that the recognizer was trained on."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import ValidationError

from fer3d.errors import UserError
from fer3d.face3d.shading import ShadingImage
from fer3d.files import images
from fer3d.inference.face import Face
from fer3d.inference.pipeline import Pipeline, make_pipeline
from fer3d.networks.inputs import to_inputs
from fer3d.params import AlignParams, ReconstructParams, RelightParams, Section
from fer3d.training.checkpoint import Recognizer, load_recognizer

Parameters = TypeVar("Parameters", bound=Section)


@dataclass(frozen=True)
class Prediction:
    """What the recognizer says of one face.

    Attributes:
        expression: the most probable class.
        probabilities: by class, summing to 1.
        face: what it saw; ``face.aligned.detection`` is "" where no face was detected.
        relit: its shading image.
    """

    expression: str
    probabilities: dict[str, float]
    face: Face
    relit: ShadingImage


@dataclass(frozen=True)
class Predictor:
    """A trained recognizer with the preprocessing that it was trained on.

    Attributes:
        checkpoint: file that the stage `train` wrote.
        assets: folder of model files.
        device: cpu | cuda.
        models: folder of the models that the user brought; only prnet needs it.
    """

    checkpoint: Path
    assets: Path
    device: str = "cpu"
    models: Path | None = None

    def __call__(self, image: np.ndarray) -> Prediction:
        """Recognize the expression of the most central large face.

        Args:
            image: (H, W, 3) uint8, RGB.
        """
        (face,) = self._pipeline.central_faces([image])
        (relit,) = self._pipeline.relight([face])
        return self._recognized(face, relit)

    def file(self, path: Path) -> Prediction:
        """Recognize the expression in an image file.

        Raises:
            fer3d.files.images.Rejected: the file is no good image.
        """
        limit = images.MAX_PIXELS  # training may have taken images as large
        return self(images.decode(images.read_file(path), max_pixels=limit))

    @property
    def classes(self) -> tuple[str, ...]:
        """In the recognizer's order."""
        return tuple(self._recognizer.classes)

    @cached_property
    def _pipeline(self) -> Pipeline:
        return make_pipeline(
            self._section("align", AlignParams),
            self._section("reconstruct", ReconstructParams),
            self._section("relight", RelightParams),
            self.assets,
            self.models,
            self.device,
        )

    @cached_property
    def _recognizer(self) -> Recognizer:
        return load_recognizer(self.checkpoint, self.device)

    def _section(self, name: str, kind: type[Parameters]) -> Parameters:
        """The parameters with which the recognizer's own inputs were made."""
        try:
            return kind(**self._recognizer.preprocessing[name])
        except (KeyError, ValidationError):
            raise UserError(
                f"{self.checkpoint} does not say how its images were made ({name}): train again"
            ) from None

    def _recognized(self, face: Face, relit: ShadingImage) -> Prediction:
        """Faces go through the network one by one, so that none depends on the others."""
        import torch

        batch = {
            "image": face.aligned.image,
            "shading": relit.shading,
            "landmarks": face.reconstruction.landmarks_image,
            "reconstructed": np.array(face.reconstruction.reason == ""),
        }
        tensors = {
            name: torch.from_numpy(value)[None].to(self.device) for name, value in batch.items()
        }
        (row,) = self._recognizer.network.probabilities(**to_inputs(tensors)).tolist()
        probabilities = dict(zip(self._recognizer.classes, row, strict=True))
        best = max(probabilities, key=probabilities.__getitem__)
        return Prediction(best, probabilities, face, relit)
