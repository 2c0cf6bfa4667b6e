import numpy as np
import pytest

from fer3d.alignment.detector import Detections, SecondLook, largest_first, most_central


def at(x: float, y: float, side: float) -> list[float]:
    return [x - side / 2, y - side / 2, side, side]


def test_of_two_faces_in_the_same_place_the_larger_wins() -> None:
    assert most_central(np.array([at(50, 50, 20), at(50, 50, 30)]), 100, 100) == 1


def test_of_two_equal_faces_the_more_central_wins() -> None:
    assert most_central(np.array([at(20, 50, 20), at(60, 50, 20)]), 100, 100) == 1


def test_at_the_edge_a_face_counts_half() -> None:
    middle = at(50, 50, 20)
    for factor, winner in ((1.9, 0), (2.1, 1)):
        edge = at(100, 50, 20 * np.sqrt(factor))
        assert most_central(np.array([middle, edge]), 100, 100) == winner


def test_the_choice_does_not_depend_on_the_scale() -> None:
    faces = np.random.default_rng(0).uniform(5, 90, (12, 4))
    assert most_central(faces, 100, 140) == most_central(faces * 7, 700, 980)


def test_the_first_of_equals_wins() -> None:
    assert most_central(np.array([at(30, 50, 20), at(70, 50, 20)]), 100, 100) == 0


def test_no_face_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one box"):
        most_central(np.zeros((0, 4)), 10, 10)


def test_moving_the_origin_moves_boxes_and_points() -> None:
    faces = Detections(np.array([[5.0, 6, 7, 8]]), np.full((1, 5, 2), 9.0), np.ones(1)).moved(1, 2)
    np.testing.assert_array_equal(faces.boxes, [[4, 4, 7, 8]])
    np.testing.assert_array_equal(faces.points[0], np.tile([8, 7], (5, 1)))


def test_faces_are_ordered_by_area_and_equal_ones_stay_in_order() -> None:
    boxes = np.array([at(50, 50, 20), at(10, 10, 30), at(90, 90, 20), [0, 0, 450, 2]])
    assert largest_first(boxes) == [1, 3, 0, 2]
    assert largest_first(np.zeros((0, 4))) == []


class Bright:
    """A detector that finds a face in images above a brightness."""

    def __init__(self, name: str, least: int):
        self.name, self._least = name, least
        self.asked: list[int] = []

    def detect(self, images: np.ndarray) -> list[Detections]:
        self.asked.append(len(images))
        counts = [int(image.mean() >= self._least) for image in images]
        return [self._detections(count) for count in counts]

    def _detections(self, n: int) -> Detections:
        return Detections(np.zeros((n, 4)), np.zeros((n, 5, 2)), np.full(n, self._least))


def test_a_second_look_is_taken_where_the_first_finds_nothing() -> None:
    first, second = Bright("first", 200), Bright("second", 100)
    images = np.stack([np.full((8, 8, 3), value, np.uint8) for value in (210, 120, 50, 220)])
    detector = SecondLook(first, second)
    found = detector.detect(images)
    assert [faces.confidence.tolist() for faces in found] == [[200], [100], [], [200]]
    assert second.asked == [2] and detector.name == "first"
    detector.detect(images[:1])
    assert second.asked == [2]
