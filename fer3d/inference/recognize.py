"""From an image to the expressions of its faces, by a trained recognizer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain, islice
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from fer3d.alignment.aligner import make_aligner
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

CHUNK = 4
"""Rows that go through the network at once: a face in a folder costs half of one on its own."""


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

    An image's answer does not depend on the other images of a call.

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
        ((prediction,),) = self.recognize([image])
        return prediction

    def all_faces(self, image: np.ndarray) -> list[Prediction]:
        """The expression of every face, that with the largest box first; perhaps of none.

        Where the recognizer was trained on whole images, the square of ``TIGHT`` box sides about
        each face takes their place.

        Args:
            image: (H, W, 3) uint8, RGB.
        """
        (found,) = self.recognize([image], all_faces=True)
        return found

    def recognize(
        self, images: Sequence[np.ndarray], *, all_faces: bool = False
    ) -> list[list[Prediction]]:
        """The expressions in each image: one, as of ``central_face``, or those of ``all_faces``.

        Args:
            images: (H, W, 3) uint8, RGB, of any sizes.
            all_faces: every face.
        """
        if all_faces:
            faces = self.face_pipeline.all_faces(images)
        else:
            faces = [[face] for face in self._pipeline.central_faces(images)]
        predictions = iter(self.predictions(list(chain.from_iterable(faces))))
        return [list(islice(predictions, len(found))) for found in faces]

    def predictions(self, faces: Sequence[Face]) -> list[Prediction]:
        """The expression of each face that a pipeline has reconstructed."""
        relit = self._pipeline.relight(faces)
        rows = probabilities(self._trained, faces, relit)
        return [_prediction(self.classes, *seen) for seen in zip(rows, faces, relit, strict=True)]

    @property
    def classes(self) -> tuple[str, ...]:
        """In the recognizer's order."""
        return tuple(self._trained.classes)

    @cached_property
    def face_pipeline(self) -> Pipeline:
        """The pipeline that crops around a face, whatever the recognizer was trained on."""
        pipeline = self._pipeline
        if pipeline.aligner.crop is not None:
            return pipeline
        return replace(pipeline, aligner=replace(pipeline.aligner, crop=TIGHT))

    def frame_pipeline(self, min_face: int) -> Pipeline:
        """The pipeline of faces, with a detector that leaves out small ones.

        Args:
            min_face: side of the smallest face, px, if it is larger than that of the recognizer.
        """
        params = self.params.align
        params = params.model_copy(update={"min_face": max(min_face, params.min_face)})
        detector = make_aligner(params, self.toolbox).detector
        return replace(
            self.face_pipeline, aligner=replace(self.face_pipeline.aligner, detector=detector)
        )

    @cached_property
    def _pipeline(self) -> Pipeline:
        return make_pipeline(self.params, self.toolbox)

    @cached_property
    def _trained(self) -> TrainedNetwork:
        return load_trained(self.checkpoint, self.toolbox.device)

    @property
    def params(self) -> PipelineParams:
        """The parameters with which the recognizer's own inputs were made."""
        try:
            return PipelineParams.model_validate(self._trained.preprocessing)
        except ValidationError as error:
            name = error.errors()[0]["loc"][0]
            raise UserError(
                f"{self.checkpoint} does not say how its images were made ({name}): train again"
            ) from None


@lru_cache(maxsize=1)
def load_predictor(checkpoint: Path, toolbox: Toolbox) -> Predictor:
    """The recognizer of a file, once per process."""
    return Predictor(checkpoint, toolbox)


def probabilities(
    trained: TrainedNetwork, faces: Sequence[Face], relit: Sequence[ShadingImage]
) -> list[list[float]]:
    """The probability of each class, of each face.

    Kernels add in an order that depends on the number of rows. So faces go through the network in
    chunks of exactly ``CHUNK`` rows, zeros filling up the last, and none depends on the others.
    """
    import torch

    device = next(trained.network.parameters()).device
    rows = [_row(*seen) for seen in zip(faces, relit, strict=True)]
    found: list[list[float]] = []
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        filled = part + [{name: np.zeros_like(v) for name, v in part[0].items()}] * (
            CHUNK - len(part)
        )
        batch = {
            name: torch.from_numpy(np.stack([row[name] for row in filled])).to(device)
            for name in part[0]
        }
        found += trained.network.probabilities(**to_inputs(batch))[: len(part)].tolist()
    return found


def _row(face: Face, relit: ShadingImage) -> dict[str, np.ndarray]:
    """What the network sees of a face, as the stages keep it."""
    found = face.reconstruction
    return {
        "image": face.aligned.image,
        "shading": relit.shading,
        "landmarks": found.landmarks_image,
        "vertices": sparse_vertices(found.vertices_face).astype(np.float32),
        "reconstructed": np.array(found.reason == ""),
    }


def _prediction(
    classes: Sequence[str], row: Sequence[float], face: Face, relit: ShadingImage
) -> Prediction:
    by_class = dict(zip(classes, row, strict=True))
    return Prediction(max(by_class, key=by_class.__getitem__), by_class, face, relit)
