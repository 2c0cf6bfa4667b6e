"""Results for photos and video frames as numbers and text; docs/predict.md."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer3d.errors import printable

if TYPE_CHECKING:
    from pathlib import Path

    from fer3d.inference.recognize import Prediction

ANGLES = ("pitch", "yaw", "roll")


@dataclass(frozen=True)
class FaceAnswer:
    """The result for one face.

    Attributes:
        expression: the most probable class, or ``uncertain``.
        probabilities: by class, summing to 1.
        box: x, y, width, height in px of the image; None if no face was detected and the whole
            image was classified.
        rotation_deg: pitch, yaw and roll by name; None without a 3D face.
        presence: confidence of the mesh network that this is a face, 0 to 1.
        no_face3d: why there is no 3D face, or "".
        track: number of the face in a video.
    """

    expression: str
    probabilities: dict[str, float]
    box: tuple[float, ...] | None
    rotation_deg: dict[str, float] | None
    presence: float
    no_face3d: str
    track: int | None = None

    @property
    def confidence(self) -> float:
        """The largest probability."""
        return max(self.probabilities.values())

    @classmethod
    def of(cls, prediction: "Prediction", track: int | None = None) -> "FaceAnswer":
        """The result for a prediction."""
        aligned, found = prediction.face.aligned, prediction.face.reconstruction
        angles = (round(float(angle), 3) for angle in found.pose)
        return cls(
            prediction.expression,
            {name: round(value, 6) for name, value in prediction.probabilities.items()},
            tuple(round(float(v), 2) for v in aligned.box_source) if aligned.detection else None,
            None if found.reason else dict(zip(ANGLES, angles, strict=True)),
            round(float(found.presence), 4),
            found.reason,
            track,
        )

    def as_json(self) -> dict[str, Any]:
        """Keys as in docs/predict.md."""
        return {
            **({} if self.track is None else {"track": self.track}),
            "expression": self.expression,
            "probabilities": self.probabilities,
            "face_detected": self.box is not None,
            "rotation_deg": self.rotation_deg,
            "presence": self.presence,
            "no_face3d": self.no_face3d or None,
            "box": self.box,
        }


@dataclass(frozen=True)
class Answer:
    """The result for one photo or one frame of a video.

    Attributes:
        image: its path, as printable text.
        faces: the most central large face, or all, the largest first; empty if the file is not an
            image.
        faces_found: number of detected faces.
        problem: why the file cannot be read as an image, or "".
        frame: number of the frame in a video, from 0.
        time_s: of the frame, seconds from the start of the video.
    """

    image: str
    faces: tuple[FaceAnswer, ...] = ()
    faces_found: int = 0
    problem: str = ""
    frame: int | None = None
    time_s: float | None = None

    @classmethod
    def unread(cls, path: "Path", problem: object) -> "Answer":
        """The answer for a file that is not an image."""
        return cls(printable(path), problem=str(problem))

    @property
    def other_faces(self) -> int:
        """Number of detected faces that are not in ``faces``."""
        return max(0, self.faces_found - len(self.faces))

    def as_json(self, *, all_faces: bool) -> dict[str, Any]:
        """Keys as in docs/predict.md.

        Args:
            all_faces: with a list of faces.
        """
        known: dict[str, Any] = {"image": self.image}
        if self.problem:
            return known | {"error": self.problem}
        if self.frame is not None:
            known |= {"frame": self.frame, "time_s": self.time_s}
        faces = [face.as_json() for face in self.faces]
        if all_faces:
            return known | {"faces": faces}
        return {**known, **faces[0], "other_faces": self.other_faces}
