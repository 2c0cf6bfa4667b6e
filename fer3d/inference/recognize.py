"""From an image to the expressions of its faces, by a trained recognizer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from fer3d.errors import UserError
from fer3d.inference.face import Face
from fer3d.inference.pipeline import Pipeline, PipelineParams, make_pipeline
from fer3d.networks.inputs import sparse_vertices, to_inputs
from fer3d.relighting.shading import ShadingImage
from fer3d.toolbox import Toolbox
from fer3d.training.checkpoint import TrainedNetwork, load_trained

TIGHT = 1.1
"""Side of the square about a face, in sides of its box, that stands for a tightly cropped photo:
those of FER2013 measure 1.08 sides of the box, the median of 1,043 in which MTCNN finds a face."""


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
        toolbox: model files, and the device.
    """

    checkpoint: Path
    toolbox: Toolbox

    def central_face(self, image: np.ndarray) -> Prediction:
        """The expression of the most central large face, or of all of the image without one.

        Args:
            image: (H, W, 3) uint8, RGB.
        """
        (prediction,) = self._recognized(self._pipeline, self._pipeline.central_faces([image]))
        return prediction

    def all_faces(self, image: np.ndarray) -> list[Prediction]:
        """The expression of every face, that with the largest box first; perhaps of none.

        Where the recognizer was trained on whole images, the square of ``TIGHT`` box sides about
        each face takes their place.

        Args:
            image: (H, W, 3) uint8, RGB.
        """
        pipeline = self._pipeline
        if pipeline.aligner.crop is None:
            pipeline = replace(pipeline, aligner=replace(pipeline.aligner, crop=TIGHT))
        (faces,) = pipeline.all_faces([image])
        return self._recognized(pipeline, faces)

    @property
    def classes(self) -> tuple[str, ...]:
        """In the recognizer's order."""
        return tuple(self._trained.classes)

    @cached_property
    def _pipeline(self) -> Pipeline:
        return make_pipeline(self._params(), self.toolbox)

    @cached_property
    def _trained(self) -> TrainedNetwork:
        return load_trained(self.checkpoint, self.toolbox.device)

    def _params(self) -> PipelineParams:
        """The parameters with which the recognizer's own inputs were made."""
        try:
            return PipelineParams.model_validate(self._trained.preprocessing)
        except ValidationError as error:
            name = error.errors()[0]["loc"][0]
            raise UserError(
                f"{self.checkpoint} does not say how its images were made ({name}): train again"
            ) from None

    def _recognized(self, pipeline: Pipeline, faces: Sequence[Face]) -> list[Prediction]:
        relit = pipeline.relight(faces)
        return [self._prediction(*seen) for seen in zip(faces, relit, strict=True)]

    def _prediction(self, face: Face, relit: ShadingImage) -> Prediction:
        """Faces go through the network one by one, so that none depends on the others."""
        import torch

        batch = {
            "image": face.aligned.image,
            "shading": relit.shading,
            "landmarks": face.reconstruction.landmarks_image,
            "vertices": sparse_vertices(face.reconstruction.vertices_face).astype(np.float32),
            "reconstructed": np.array(face.reconstruction.reason == ""),
        }
        device = self.toolbox.device
        tensors = {name: torch.from_numpy(value)[None].to(device) for name, value in batch.items()}
        (row,) = self._trained.network.probabilities(**to_inputs(tensors)).tolist()
        probabilities = dict(zip(self._trained.classes, row, strict=True))
        best = max(probabilities, key=probabilities.__getitem__)
        return Prediction(best, probabilities, face, relit)
