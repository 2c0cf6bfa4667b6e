"""All faces of a photo in 3D: landmarks, pose, mesh, in pixels of the photo."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from fer3d.alignment.aligner import Aligner, make_aligner
from fer3d.alignment.detector import SecondLook
from fer3d.files import images
from fer3d.inference.face import Face
from fer3d.inference.pipeline import Pipeline, PipelineParams, make_pipeline
from fer3d.toolbox import Toolbox

CROP_SIZE = 256  # px, side of the crop around each face; 2.5 times the default of `align`
CROP = 1.5  # side of the crop, relative to the box
EASY = (0.5, 0.5, 0.4)  # thresholds of the second run of MTCNN


@dataclass(frozen=True)
class FaceFinder:
    """Finds and reconstructs the faces of photos.

    Attributes:
        params: of the pipeline, except for the crop.
        toolbox: model files, and the device for the detector and prnet.
        max_pixels: larger image files are rejected.
    """

    params: PipelineParams
    toolbox: Toolbox
    max_pixels: int = images.MAX_PIXELS

    def __call__(self, image: np.ndarray) -> list[Face]:
        """The faces of one photo, those with the largest boxes first.

        If MTCNN finds none, it runs again with the thresholds ``EASY``, for profiles; the presence
        of the mesh network then rejects false detections.

        Args:
            image: (H, W, 3) uint8, RGB.

        Returns:
            Detected and reconstructed faces; may be empty.
        """
        (faces,) = self._pipeline.all_faces([image])
        return [face for face in faces if not face.reconstruction.reason]

    @cached_property
    def _pipeline(self) -> Pipeline:
        made = make_pipeline(self.params, self.toolbox)
        return replace(made, aligner=self._aligner())

    def _aligner(self) -> Aligner:
        params = self.params.align.model_copy(update={"size": CROP_SIZE, "crop": CROP})
        aligner = make_aligner(params, self.toolbox)
        if params.detector == "mtcnn":
            easy = params.model_copy(update={"thresholds": EASY})
            second = make_aligner(easy, self.toolbox).detector
            aligner = replace(aligner, detector=SecondLook(aligner.detector, second))
        return replace(aligner, dtype=np.float64)
