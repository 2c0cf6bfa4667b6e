"""Classification of the faces in video frames."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import exp

import numpy as np

from fer3d.alignment.detector import Detections
from fer3d.inference.answers import Answer, FaceAnswer
from fer3d.inference.draw import Numbered
from fer3d.inference.pipeline import Pipeline
from fer3d.inference.recognize import Prediction, Predictor
from fer3d.inference.video.frames import Frame, Video
from fer3d.inference.video.tracks import Tracker, places

MIN_FACE = 1 / 18
"""Side of the smallest face, relative to the shorter side of the frame. MTCNN then takes 60 ms for
1280 x 720 px, and 140 ms with faces of 20 px."""


@dataclass(frozen=True)
class Recognized:
    """A frame and its faces.

    Attributes:
        frame: the frame.
        answer: the result to write.
        faces: with their track numbers, in this order.
    """

    frame: Frame
    answer: Answer
    faces: list[Numbered]


def recognize_video(
    video: Video, predictor: Predictor, *, smoothing_s: float = 0.0
) -> Iterator[Recognized]:
    """Classify the faces in each frame that the mesh network confirms.

    Args:
        video: the video.
        predictor: the recognizer.
        smoothing_s: time constant of ``Smoother``, seconds.
    """
    pipeline: Pipeline | None = None
    smoother = Smoother(smoothing_s)
    for frame in video.frames:
        if pipeline is None:
            min_face = round(MIN_FACE * min(frame.image.shape[:2]))
            pipeline = predictor.frame_pipeline(min_face)
            tracker = Tracker(partial(_detect, pipeline))
        candidates = tracker.locate(frame)
        found = pipeline.faces_at(frame.image, places(candidates))
        confirmed = [face.reconstruction.reason == "" for face in found]
        tracks = tracker.confirm(candidates, confirmed)
        kept = [face for face, known in zip(found, confirmed, strict=True) if known]
        faces = [
            Numbered(track.number, smoother(track.number, frame.time_s, prediction))
            for track, prediction in zip(tracks, predictor.predictions(kept), strict=True)
        ]
        yield _recognized(video, frame, sorted(faces, key=lambda face: face.number))


class Smoother:
    """Exponential moving average of the probabilities of each face.

    A frame that is ``constant_s`` old has 1 / e of the weight of the newest, at any frame rate.
    """

    def __init__(self, constant_s: float):
        """
        Args:
            constant_s: time constant, seconds; 0: no average.
        """
        self._constant = constant_s
        self._last: dict[int, tuple[float, dict[str, float]]] = {}

    def __call__(self, track: int, time_s: float, prediction: Prediction) -> Prediction:
        """The prediction with averaged probabilities.

        Args:
            track: number of the face.
            time_s: time of its frame, seconds.
            prediction: for this frame alone.
        """
        if not self._constant:
            return prediction
        mean = prediction.probabilities
        if track in self._last:
            before, old = self._last[track]
            kept = exp(-max(0.0, time_s - before) / self._constant)
            mean = {name: kept * old[name] + (1 - kept) * value for name, value in mean.items()}
        self._last[track] = time_s, mean
        return replace(prediction, probabilities=mean)


def _detect(pipeline: Pipeline, image: np.ndarray) -> Detections:
    (faces,) = pipeline.aligner.detect([image])
    return faces


def _recognized(video: Video, frame: Frame, faces: list[Numbered]) -> Recognized:
    answers = tuple(FaceAnswer.of(face.prediction, face.number) for face in faces)
    answer = Answer(video.name, answers, len(answers), frame=frame.number, time_s=frame.time_s)
    return Recognized(frame, answer, faces)
