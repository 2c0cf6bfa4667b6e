"""Classification of the expressions of faces by a trained recognizer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from fer3d.alignment.aligner import make_aligner
from fer3d.errors import UserError
from fer3d.inference.face import Face
from fer3d.inference.independent_rows import with_independent_rows
from fer3d.inference.pipeline import Pipeline, PipelineParams, make_pipeline
from fer3d.networks.inputs import sparse_vertices, to_inputs
from fer3d.relighting.relighter import Relighter
from fer3d.relighting.shading import ShadingImage
from fer3d.toolbox import Toolbox
from fer3d.training.checkpoint import TrainedNetwork, load_trained

if TYPE_CHECKING:
    from torch import Tensor

UNCERTAIN = "uncertain"  # the answer below a least confidence
TIGHT = 1.1
"""Side of the square crop that replaces a tightly cropped photo, relative to the box: photos of
FER2013 measure 1.08 sides of the box, the median of 1,043 in which MTCNN finds a face."""

CHUNK = 16  # faces per call of the network, bounds the memory


@dataclass(frozen=True)
class Prediction:
    """The output of the recognizer for one face.

    Attributes:
        probabilities: by class, summing to 1.
        face: the face; ``face.aligned.detection`` is "" if no face was detected.
        relit: its shading image.
        min_confidence: below it the expression is ``UNCERTAIN``.
    """

    probabilities: dict[str, float]
    face: Face
    relit: ShadingImage
    min_confidence: float = 0.0

    @property
    def confidence(self) -> float:
        """The largest probability."""
        return max(self.probabilities.values())

    @property
    def expression(self) -> str:
        """The most probable class, or ``UNCERTAIN``."""
        if self.confidence < self.min_confidence:
            return UNCERTAIN
        return max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass(frozen=True)
class Predictor:
    """A trained recognizer with the preprocessing of its training.

    The result of an image does not depend on the other images of a call.

    Attributes:
        checkpoint: file written by the stage `train`.
        toolbox: model files, and the device.
        min_confidence: of an answer, see ``Prediction``.
    """

    checkpoint: Path
    toolbox: Toolbox
    min_confidence: float = 0.0

    def central_face(self, image: np.ndarray) -> Prediction:
        """The expression of the most central large face, or of the whole image if none is found.

        Args:
            image: (H, W, 3) uint8, RGB.
        """
        ((prediction,),) = self.recognize([image])
        return prediction

    def all_faces(self, image: np.ndarray) -> list[Prediction]:
        """The expressions of all faces, by descending box size; may be empty.

        A recognizer that was trained on whole images gets a square crop of ``TIGHT`` box sides
        around each face.

        Args:
            image: (H, W, 3) uint8, RGB.
        """
        (found,) = self.recognize([image], all_faces=True)
        return found

    def recognize(
        self, images: Sequence[np.ndarray], *, all_faces: bool = False
    ) -> list[list[Prediction]]:
        """The expressions in each image: see ``central_face`` and ``all_faces``.

        Args:
            images: (H, W, 3) uint8, RGB, of any sizes.
            all_faces: classify every face.
        """
        if all_faces:
            faces = self.face_pipeline.all_faces(images)
        else:
            faces = [[face] for face in self._pipeline.central_faces(images)]
        predictions = iter(self.predictions(list(chain.from_iterable(faces))))
        return [list(islice(predictions, len(found))) for found in faces]

    def predictions(self, faces: Sequence[Face]) -> list[Prediction]:
        """The expression of each reconstructed face."""
        relit = self._pipeline.relight(faces)
        rows = probabilities(self.trained, faces, relit)
        return [
            Prediction(dict(zip(self.classes, row, strict=True)), face, image, self.min_confidence)
            for row, face, image in zip(rows, faces, relit, strict=True)
        ]

    @property
    def relighter(self) -> Relighter:
        """What shades the faces, with the recognizer's own light."""
        return self._pipeline.relighter

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the network's outputs."""
        return tuple(self.trained.classes)

    @cached_property
    def face_pipeline(self) -> Pipeline:
        """The pipeline that crops around a face, independent of the recognizer's training."""
        pipeline = self._pipeline
        if pipeline.aligner.crop is not None:
            return pipeline
        return replace(pipeline, aligner=replace(pipeline.aligner, crop=TIGHT))

    def frame_pipeline(self, min_face: int) -> Pipeline:
        """The pipeline for faces in video frames, with a detector that ignores small ones.

        Args:
            min_face: side of the smallest face, px; at least that of the recognizer.
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
    def trained(self) -> TrainedNetwork:
        """The network, loaded once, for answers: see ``independent_rows``."""
        trained = load_trained(self.checkpoint, self.toolbox.device)
        params = pipeline_params(trained.preprocessing, self.checkpoint)
        if trained.features and not params.reconstruct.features:
            raise UserError(
                f"{self.checkpoint} needs features of the mesh network, but its preprocessing has "
                "reconstruct.features false: train again with that parameter true"
            )
        return replace(trained, network=with_independent_rows(trained.network))

    @property
    def params(self) -> PipelineParams:
        """The parameters of the recognizer's training data."""
        return pipeline_params(self.trained.preprocessing, self.checkpoint)


def pipeline_params(preprocessing: Mapping[str, Any], checkpoint: Path) -> PipelineParams:
    """The parameters of a recognizer's preprocessing.

    Args:
        preprocessing: as in the recognizer.
        checkpoint: its file, for the message.

    Raises:
        UserError: a section is missing or invalid; the message names it.
    """
    try:
        return PipelineParams.model_validate(preprocessing)
    except ValidationError as error:
        name = error.errors()[0]["loc"][0]
        raise UserError(
            f"{checkpoint} has no parameters of its preprocessing ({name}): train again"
        ) from None


@lru_cache(maxsize=1)
def load_predictor(checkpoint: Path, toolbox: Toolbox, min_confidence: float = 0.0) -> Predictor:
    """The recognizer of a file, once per process."""
    return Predictor(checkpoint, toolbox, min_confidence)


def probabilities(
    trained: TrainedNetwork, faces: Sequence[Face], relit: Sequence[ShadingImage]
) -> list[list[float]]:
    """The probability of each class, of each face; faces do not affect each other.

    Args:
        trained: a network with independent rows.
        faces: reconstructed.
        relit: the shading image of each.
    """
    import torch

    rows = [network_arrays(*seen) for seen in zip(faces, relit, strict=True)]
    found: list[list[float]] = []
    with torch.inference_mode():
        for start in range(0, len(rows), CHUNK):
            part = network_inputs(trained, rows[start : start + CHUNK])
            found += trained.network.probabilities(**part).tolist()
    return found


def network_inputs(
    trained: TrainedNetwork, rows: Sequence[dict[str, np.ndarray]]
) -> dict[str, "Tensor"]:
    """The arguments of the network.

    Args:
        trained: the network.
        rows: one at least, see ``network_arrays``.
    """
    import torch

    device = next(trained.network.parameters()).device
    batch = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return to_inputs({name: torch.from_numpy(part).to(device) for name, part in batch.items()})


def network_arrays(face: Face, relit: ShadingImage) -> dict[str, np.ndarray]:
    """The network's inputs of a face, as stored by the stages."""
    found = face.reconstruction
    features = {} if found.features is None else {"features": found.features}
    return features | {
        "image": face.aligned.image,
        "shading": relit.shading,
        "landmarks": found.landmarks_image,
        "vertices": sparse_vertices(found.vertices_face).astype(np.float32),
        "reconstructed": np.array(found.reason == ""),
    }
