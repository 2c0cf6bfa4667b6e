"""From one image to one expression, through the functions that the pipeline uses."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import ValidationError

from fer3d.alignment.aligner import Aligned, Aligner, make_aligner
from fer3d.errors import UserError
from fer3d.face3d.reconstruct import Reconstruction, reconstruct_image
from fer3d.face3d.relight import relight_image
from fer3d.face3d.shading import ShadingImage
from fer3d.files import images
from fer3d.networks.inputs import to_inputs
from fer3d.params import AlignParams, ReconstructParams, RelightParams, Section
from fer3d.training.checkpoint import Recognizer, load_recognizer

Parameters = TypeVar("Parameters", bound=Section)


@dataclass(frozen=True)
class Prediction:
    """What the recognizer sees and says of one image.

    Attributes:
        expression: the most probable class.
        probabilities: by class, summing to 1.
        aligned: the face that was looked at; its ``detection`` is "" where none was detected.
        face: its reconstruction; its ``reason`` says why where there is none.
        relit: its shading image.
    """

    expression: str
    probabilities: dict[str, float]
    aligned: Aligned
    face: Reconstruction
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
        (aligned,) = self._aligner.align([image])
        reconstruct = self._section("reconstruct", ReconstructParams)
        relight = self._section("relight", RelightParams)
        face = reconstruct_image(
            aligned.image, aligned.points, self.assets, reconstruct, self.models, self.device
        )
        relit = relight_image(
            face.vertices_face,
            face.visible,
            self.assets,
            relight,
            reconstruct.subdivisions,
            self.models,
        )
        probabilities = self._probabilities(aligned, face, relit)
        best = max(probabilities, key=probabilities.__getitem__)
        return Prediction(best, probabilities, aligned, face, relit)

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
    def _aligner(self) -> Aligner:
        return make_aligner(self._section("align", AlignParams), self.assets, self.device)

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

    def _probabilities(
        self, aligned: Aligned, face: Reconstruction, relit: ShadingImage
    ) -> dict[str, float]:
        import torch

        batch = {
            "image": aligned.image,
            "shading": relit.shading,
            "landmarks": face.landmarks_image,
            "reconstructed": np.array(face.reason == ""),
        }
        tensors = {
            name: torch.from_numpy(np.asarray(value))[None].to(self.device)
            for name, value in batch.items()
        }
        (row,) = self._recognizer.network.probabilities(**to_inputs(tensors)).tolist()
        return dict(zip(self._recognizer.classes, row, strict=True))
