"""Faces keep their numbers while they move, hide and return."""

import cv2
import numpy as np
import pytest

from fer3d.alignment.detector import Detections
from fer3d.inference.video.frames import Frame
from fer3d.inference.video.tracks import DETECT_EVERY, MAX_MISSED, REMEMBER, Tracker, places

SIZE = 60
rng = np.random.default_rng(0)
FACES = [
    cv2.resize(rng.integers(0, 255, (15, 15, 3), dtype=np.uint8), (SIZE, SIZE)) for _ in range(3)
]


def frame(number: int, *corners: tuple[int, int]) -> Frame:
    """Textured squares, the i-th with its corner at ``corners[i]``."""
    image = np.full((240, 320, 3), 128, np.uint8)
    for face, (x, y) in zip(FACES, corners, strict=False):
        image[y : y + SIZE, x : x + SIZE] = face
    return Frame(number, number / 25, image)


def detections(*corners: tuple[int, int]) -> Detections:
    boxes = np.array([(x, y, SIZE, SIZE) for x, y in corners], np.float32).reshape(-1, 4)
    points = np.tile(boxes[:, None, :2] + SIZE / 2, (1, 5, 1))
    return Detections(boxes, points, np.ones(len(boxes), np.float32))


class Detector:
    """Returns given results, and counts the calls."""

    def __init__(self):
        self.there, self.asked = detections(), 0

    def __call__(self, _image: np.ndarray) -> Detections:
        self.asked += 1
        return self.there


@pytest.fixture
def detector() -> Detector:
    return Detector()


@pytest.fixture
def tracker(detector) -> Tracker:
    return Tracker(detector)


def step(tracker, shown, *, confirmed=True):
    found = tracker.locate(shown)
    return tracker.confirm(found, [confirmed] * len(found))


def test_a_moving_face_is_followed_between_detections(tracker, detector):
    detector.there = detections((50, 50))
    for number in range(DETECT_EVERY):
        (track,) = step(tracker, frame(number, (50 + 3 * number, 50 + number)))
        assert track.number == 1
        assert track.box == pytest.approx([50 + 3 * number, 50 + number, SIZE, SIZE], abs=1)
        assert places([track]).points[0, 0] == pytest.approx(track.box[:2] + SIZE / 2, abs=1)
    assert detector.asked == 1


def test_the_detector_puts_a_followed_face_right(tracker, detector):
    detector.there = detections((50, 50))
    for number in range(DETECT_EVERY):
        step(tracker, frame(number, (50, 50)))
    detector.there = detections((54, 48))
    (track,) = step(tracker, frame(DETECT_EVERY, (50, 50)))
    assert track.number == 1 and track.box[:2].tolist() == [54, 48]


def test_faces_are_numbered_as_they_come(tracker, detector):
    detector.there = detections((20, 20))
    step(tracker, frame(0, (20, 20)))
    detector.there = detections((150, 20), (20, 20))
    for number in range(1, DETECT_EVERY + 1):
        tracks = step(tracker, frame(number, (20, 20), (150, 20)))
    assert {tuple(track.box[:2].tolist()): track.number for track in tracks} == {
        (20, 20): 1,
        (150, 20): 2,
    }


def test_a_face_that_returns_keeps_its_number_for_some_time(tracker, detector):
    detector.there = detections((50, 50))
    step(tracker, frame(0, (50, 50)))
    detector.there = detections()
    assert step(tracker, frame(1)) == [] and detector.asked == 2  # it is looked for at once
    detector.there = detections((60, 50))
    (track,) = step(tracker, frame(1 + DETECT_EVERY, (60, 50)))
    assert track.number == 1
    detector.there = detections()
    step(tracker, frame(2 + DETECT_EVERY))
    detector.there = detections((60, 50))
    (track,) = step(tracker, frame(3 + DETECT_EVERY + REMEMBER, (60, 50)))
    assert track.number == 2


def test_a_face_that_the_detector_does_not_see_any_more_is_lost(tracker, detector):
    detector.there = detections((50, 50))
    step(tracker, frame(0, (50, 50)))
    detector.there = detections()
    alive = [len(step(tracker, frame(DETECT_EVERY * n, (50, 50)))) for n in range(1, 5)]
    assert alive == [1] * (MAX_MISSED - 1) + [0, 0]


def test_a_known_face_that_is_not_confirmed_is_detected_as_rarely_as_others(tracker, detector):
    """A head in profile: the detector sees it, the mesh network does not."""
    detector.there = detections((50, 50))
    (track,) = step(tracker, frame(0, (50, 50)))
    for number in range(1, 5 * DETECT_EVERY):
        assert step(tracker, frame(number, (50, 50)), confirmed=False) == []
    assert detector.asked == 6  # in frames 0, 2, 12, ..., 42
    (again,) = step(tracker, frame(5 * DETECT_EVERY + 2, (50, 50)))
    assert again.number == track.number


def test_what_is_not_confirmed_has_no_number(tracker, detector):
    detector.there = detections((50, 50))
    assert step(tracker, frame(0, (50, 50)), confirmed=False) == []
    (track,) = step(tracker, frame(DETECT_EVERY, (50, 50)))
    assert track.number == 1
