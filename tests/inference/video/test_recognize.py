"""Expressions in videos, with an untrained recognizer."""

from dataclasses import replace
from math import exp

import pytest

from fer3d.inference.answers import FaceAnswer
from fer3d.inference.video.frames import open_video
from fer3d.inference.video.recognize import Smoother, recognize_video


@pytest.fixture(scope="module")
def recognized(film, predictor) -> list:
    with open_video(film) as video:
        return list(recognize_video(video, predictor))


def test_each_face_has_its_number_from_when_it_comes(recognized):
    tracks = [[face.number for face in one.faces] for one in recognized]
    assert tracks == [[1]] * 20 + [[1, 2]] * 4  # faces are detected in frames 0, 10, 20


def test_boxes_move_with_the_faces(recognized):
    boxes = [one.answer.faces[0].box for one in recognized]
    for number, box in enumerate(boxes):
        assert box[0] - boxes[0][0] == pytest.approx(number, abs=6)
        assert box[1] - boxes[0][1] == pytest.approx(number // 2, abs=6)


def test_a_detected_face_is_answered_as_in_a_photo(recognized, predictor):
    for number in (0, 20):
        one = recognized[number]
        photo = map(FaceAnswer.of, predictor.all_faces(one.frame.image))
        faces = {replace(face, track=None) for face in map(_hashable, one.answer.faces)}
        assert faces == set(map(_hashable, photo))


def test_a_followed_face_is_answered_much_the_same(recognized):
    first = recognized[0].answer.faces[0]
    for one in recognized[1:10]:
        face = one.answer.faces[0]
        assert face.rotation_deg == pytest.approx(first.rotation_deg, abs=4)


def test_probabilities_are_averaged_over_time(predictor, face):
    prediction = predictor.central_face(face)
    low, high = (replace(prediction, probabilities={"a": a, "b": 1 - a}) for a in (0.0, 1.0))
    smooth = Smoother(2.0)
    assert smooth(1, 0.0, low) == low
    assert smooth(2, 0.5, high) == high  # another face
    mean = smooth(1, 1.0, high)
    assert mean.probabilities == pytest.approx({"a": 1 - exp(-0.5), "b": exp(-0.5)})
    assert mean.expression == "b" and Smoother(0.0)(1, 1.0, high) is high


def _hashable(face: FaceAnswer) -> FaceAnswer:
    pairs = tuple(face.probabilities.items())
    return replace(face, probabilities=pairs, rotation_deg=tuple(face.rotation_deg.items()))
