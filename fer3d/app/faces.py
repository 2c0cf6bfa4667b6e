"""What the page knows of the faces in a photo."""

from base64 import b64decode, b64encode
from functools import partial

import numpy as np
from pydantic import BaseModel, ConfigDict

from fer3d.errors import UserError
from fer3d.inference.answers import FaceAnswer
from fer3d.inference.branches import branch_logits
from fer3d.inference.recognize import Prediction, Predictor
from fer3d.machine.threads import single_threaded

MAX_FACES = 12  # the largest ones
SMALLEST_FACE = 1 / 40
"""Side of the smallest face that is looked for, relative to the shorter side of a photo: the time
of the detector grows with the number of such faces that would fit into the photo."""


class SeenFace(BaseModel):
    """A face as JSON, so that the page can keep it: about 10 kB with a mesh of 468 vertices.

    Attributes:
        logits: see ``fer3d.inference.branches.branch_logits``.
        rotation_deg: pitch, yaw and roll by name; None without a 3D face.
        presence: confidence of the mesh network that this is a face, 0 to 1.
        no_face3d: why there is no 3D face, or "".
        vertices: base64 of (V, 3) float32, cm, face frame; "" without a 3D face.
        visible: base64 of (D,) packed bits, visible points of the dense surface.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    logits: dict[str, list[float]]
    rotation_deg: dict[str, float] | None
    presence: float
    no_face3d: str
    vertices: str
    visible: str

    @classmethod
    def of(cls, prediction: Prediction, logits: dict[str, list[float]]) -> "SeenFace":
        """What the page knows of a recognized face."""
        answer, found = FaceAnswer.of(prediction), prediction.face.reconstruction
        mesh = b"" if found.reason else found.vertices_face.astype("<f4").tobytes()
        return cls(
            logits=logits,
            rotation_deg=answer.rotation_deg,
            presence=answer.presence,
            no_face3d=answer.no_face3d,
            vertices=b64encode(mesh).decode(),
            visible=b64encode(np.packbits(found.visible).tobytes()).decode(),
        )

    @property
    def vertices_face(self) -> np.ndarray:
        """(V, 3) float32, cm, face frame; V is 0 without a 3D face."""
        return np.frombuffer(b64decode(self.vertices), "<f4").reshape(-1, 3)

    def visible_points(self, count: int) -> np.ndarray:
        """(D,) bool, visible points of a dense surface of D = ``count`` points."""
        bits = np.frombuffer(b64decode(self.visible), np.uint8)
        return np.unpackbits(bits, count=count).astype(bool)


def find_faces(image: np.ndarray, predictor: Predictor) -> list[Prediction]:
    """The largest faces of a photo.

    Those that `fer3d predict --all-faces` finds; in a photo that is wider and higher than 40 times
    the smallest face of the recognizer, those that are not small, see ``SMALLEST_FACE``.

    Args:
        image: (H, W, 3) uint8, RGB.
        predictor: finds and classifies the faces.

    Raises:
        UserError: there is no face; the message is a sentence for the page.
    """
    found = single_threaded(partial(_faces_in, predictor), image)
    if not found:
        raise UserError(
            "No face was found. Both eyes must be seen, and a face must be "
            f"{predictor.params.align.min_face} px wide and, in a large photo, "
            f"1/{round(1 / SMALLEST_FACE)} of its shorter side."
        )
    return found


def _faces_in(predictor: Predictor, image: np.ndarray) -> list[Prediction]:
    pipeline = predictor.frame_pipeline(round(SMALLEST_FACE * min(image.shape[:2])))
    (faces,) = pipeline.all_faces([image])
    return predictor.predictions(faces[:MAX_FACES])


def seen_faces(predictions: list[Prediction], predictor: Predictor) -> list[SeenFace]:
    """What the page knows of each face."""
    return [SeenFace.of(one, branch_logits(predictor.trained, one)) for one in predictions]
