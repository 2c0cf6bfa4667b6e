"""The pipeline from one image to one shading image, as the stages run it."""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer3d.alignment.aligner import Aligned, Aligner, make_aligner
from fer3d.errors import UserError
from fer3d.face3d.reconstruct import reconstruct_image
from fer3d.face3d.relight import relight_image
from fer3d.face3d.shading import ShadingImage
from fer3d.face3d.topology import Topology, load_topology
from fer3d.params import AlignParams, ReconstructParams, RelightParams


@dataclass(frozen=True)
class Found:
    """What the pipeline says of one face.

    Attributes:
        vertices_image: (468, 3) float, px, image frame.
        vertices_face: (468, 3) float, cm, face frame.
        landmarks_image: (68, 2) float, px, image frame.
        rotation: (3, 3) float, ``face_from_image``.
        visible: (D,) bool, points of the dense surface.
        relit: its shading image.
    """

    vertices_image: np.ndarray
    vertices_face: np.ndarray
    landmarks_image: np.ndarray
    rotation: np.ndarray
    visible: np.ndarray
    relit: ShadingImage


@dataclass(frozen=True)
class Pipeline:
    """Alignment, reconstruction and relighting; picklable, networks are loaded once per process.

    Attributes:
        assets: folder of model files.
        align, reconstruct, relight: the parameters of these stages.
    """

    assets: Path
    align: AlignParams
    reconstruct: ReconstructParams
    relight: RelightParams

    def __post_init__(self):
        if self.reconstruct.backend != "facemesh":
            raise UserError(
                "reconstruct.backend: rendered faces have a truth for facemesh's vertices alone"
            )

    @property
    def topology(self) -> Topology:
        """Mesh and dense surface of what is reconstructed."""
        return load_topology(self.assets, self.reconstruct.subdivisions)

    def __call__(self, image: np.ndarray) -> tuple[Aligned, Found | None]:
        """The aligned image, and its face or None where none was reconstructed.

        Args:
            image: (H, W, 3) uint8, RGB.
        """
        relight, levels = self.relight, self.reconstruct.subdivisions
        (aligned,) = _aligner(self.assets, self.align).align([image])
        face = reconstruct_image(aligned.image, aligned.points, self.assets, self.reconstruct)
        if face.reason:
            return aligned, None
        relit = relight_image(face.vertices_face, face.visible, self.assets, relight, levels)
        found = Found(
            face.vertices_image,
            face.vertices_face,
            face.landmarks_image,
            face.rotation,
            face.visible,
            relit,
        )
        return aligned, found


@functools.cache
def _aligner(assets: Path, params: AlignParams) -> Aligner:
    return make_aligner(params, assets)
