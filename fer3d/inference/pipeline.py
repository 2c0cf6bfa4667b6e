"""Alignment, reconstruction and relighting of images: one implementation for all callers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise

import numpy as np

from fer3d.alignment.aligner import Aligned, Aligner, make_aligner
from fer3d.alignment.detector import Detections
from fer3d.alignment.params import AlignParams
from fer3d.files.sections import Sections
from fer3d.inference.face import Face
from fer3d.reconstruction.params import ReconstructParams
from fer3d.reconstruction.reconstructor import Reconstructor, make_reconstructor
from fer3d.relighting.params import RelightParams
from fer3d.relighting.relighter import Relighter
from fer3d.relighting.shading import ShadingImage
from fer3d.toolbox import Toolbox


class PipelineParams(Sections):
    """The sections of params.yaml for the steps."""

    align: AlignParams
    reconstruct: ReconstructParams
    relight: RelightParams


@dataclass(frozen=True)
class Pipeline:
    """Alignment, reconstruction and relighting; picklable, networks are loaded once per process.

    Attributes:
        aligner, reconstructor, relighter: the steps.
    """

    aligner: Aligner
    reconstructor: Reconstructor
    relighter: Relighter

    def central_faces(self, images: Sequence[np.ndarray]) -> list[Face]:
        """The most central large face of each image, or the whole image if none is found.

        Args:
            images: (H, W, 3) uint8 RGB, of any sizes.
        """
        return self._reconstructed(self.aligner.align(images))

    def all_faces(self, images: Sequence[np.ndarray]) -> list[list[Face]]:
        """All faces of each image, by descending box size; empty if none is found.

        Args:
            images: (H, W, 3) uint8 RGB, of any sizes.
        """
        aligned = self.aligner.align_all(images)
        faces = self._reconstructed(list(chain.from_iterable(aligned)))
        ends = accumulate(map(len, aligned), initial=0)
        return [faces[start:end] for start, end in pairwise(ends)]

    def faces_at(self, image: np.ndarray, faces: Detections) -> list[Face]:
        """The given faces of an image, in their order.

        Args:
            image: (H, W, 3) uint8 RGB.
            faces: boxes and points of the faces.
        """
        aligned = [self.aligner.crop_face(image, faces, face) for face in range(len(faces))]
        return self._reconstructed(aligned)

    def relight(self, faces: Sequence[Face]) -> list[ShadingImage]:
        """The shading image of each face, black without a reconstruction."""
        found = [face.reconstruction for face in faces]
        return self.relighter([f.vertices_face for f in found], [f.visible for f in found])

    def _reconstructed(self, aligned: Sequence[Aligned]) -> list[Face]:
        found = self.reconstructor([a.image for a in aligned], [a.points for a in aligned])
        return [Face(*parts) for parts in zip(aligned, found, strict=True)]


def make_pipeline(params: PipelineParams, toolbox: Toolbox) -> Pipeline:
    """The pipeline for the parameters of the stages.

    Args:
        params: of the stages.
        toolbox: model files, and the device for MTCNN and prnet.
    """
    reconstructor = make_reconstructor(params.reconstruct, toolbox)
    return Pipeline(
        make_aligner(params.align, toolbox),
        reconstructor,
        Relighter(reconstructor.backend.surface, params.relight),
    )
