import numpy as np
import pytest

from fer3d.alignment import boxes

UNIT = np.array([0.0, 0.0, 1.0, 1.0])


def random_boxes(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 60, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(5, 40, (count, 2))], axis=1)


def test_overlap_of_known_boxes() -> None:
    right_half = np.array([0.5, 0.0, 1.0, 1.0])
    assert boxes.overlap(UNIT, UNIT) == 1
    assert boxes.overlap(UNIT, UNIT + 2) == 0
    assert boxes.overlap(UNIT, UNIT + np.array([0.5, 0, 0.5, 0])) == pytest.approx(1 / 3)
    assert boxes.overlap(UNIT, right_half) == pytest.approx(1 / 2)
    assert boxes.overlap(UNIT, right_half, "min") == 1


def test_boxes_without_area_share_nothing() -> None:
    assert boxes.overlap(np.zeros(4), np.zeros(4)) == 0


def test_square_keeps_the_centre_and_the_longer_side() -> None:
    found = random_boxes(50)
    squares = boxes.square(found)
    size = squares[:, 2:] - squares[:, :2]
    np.testing.assert_allclose(size[:, 0], size[:, 1])
    np.testing.assert_allclose(size[:, 0], (found[:, 2:] - found[:, :2]).max(axis=1))
    np.testing.assert_allclose(squares.reshape(-1, 2, 2).mean(1), found.reshape(-1, 2, 2).mean(1))


def test_squares_stay_squares() -> None:
    squares = boxes.square(random_boxes(50))
    np.testing.assert_allclose(boxes.square(squares), squares)


def test_zero_offsets_move_nothing() -> None:
    found = random_boxes(9)
    np.testing.assert_array_equal(boxes.refine(found, np.zeros((9, 4))), found)
    cells = boxes.from_cells(np.array([0, 5]), np.array([0, 7]), np.zeros((2, 4)))
    np.testing.assert_array_equal(cells, [[1, 1, 12, 12], [15, 11, 26, 22]])


def test_offsets_are_in_units_of_the_box() -> None:
    moved = boxes.refine(np.array([[10.0, 20.0, 29.0, 59.0]]), np.array([[0.1, 0.1, -0.1, 0.5]]))
    np.testing.assert_allclose(moved, [[12, 24, 27, 79]])


def test_points_of_the_middle() -> None:
    middle = boxes.points_in(np.array([[1.0, 11.0, 20.0, 50.0]]), np.full((1, 10), 0.5))
    np.testing.assert_allclose(middle, np.tile([10.0, 30.0], (1, 5, 1)))


def test_suppression_keeps_the_best_of_overlapping_boxes() -> None:
    found = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [30, 30, 40, 40]], float)
    keep = boxes.suppress(found, np.array([0.7, 0.9, 0.8]), np.zeros(3, int), 0.5)
    assert keep.tolist() == [1, 2]


def test_suppression_heeds_boxes_that_go_themselves() -> None:
    chain = np.array([[0, 0, 10, 10], [3, 0, 13, 10], [6, 0, 16, 10]], float)  # neighbours overlap
    keep = boxes.suppress(chain, np.array([0.9, 0.8, 0.7]), np.zeros(3, int), 0.5)
    assert keep.tolist() == [0]


def test_groups_do_not_suppress_each_other() -> None:
    same = np.tile(UNIT, (3, 1))
    keep = boxes.suppress(same, np.array([0.5, 0.9, 0.7]), np.array([4, 1, 4]), 0.5)
    assert keep.tolist() == [1, 2]


@pytest.mark.parametrize("method", ["union", "min"])
def test_suppression_leaves_no_overlap_and_drops_nothing_that_is_free(method: str) -> None:
    found, scores = random_boxes(200), np.random.default_rng(1).permutation(200) / 200
    groups = np.arange(200) % 3
    keep = boxes.suppress(found, scores, groups, 0.4, method)
    shared = boxes.overlap(found[:, None], found[None], method) > 0.4
    rivals = shared & (groups[:, None] == groups) & (scores[:, None] < scores)
    assert sorted(keep) == np.flatnonzero(~rivals.any(axis=1)).tolist()


def test_nothing_in_nothing_out() -> None:
    none = np.zeros((0, 4))
    assert boxes.suppress(none, np.zeros(0), np.zeros(0, int), 0.5).shape == (0,)
    assert boxes.square(none).shape == boxes.refine(none, none).shape == (0, 4)
