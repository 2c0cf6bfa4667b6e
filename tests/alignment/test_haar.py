import numpy as np
import pytest

from fer3d.alignment.haar import HaarCascade, best_pair, points_from_eyes


@pytest.fixture(scope="module")
def haar() -> HaarCascade:
    return HaarCascade()


def test_finds_a_front_face_and_its_eyes(haar: HaarCascade, face: np.ndarray, mtcnn) -> None:
    (faces,) = haar.detect(face[None])
    (expected,) = mtcnn.detect(face[None])
    best = np.argmin(np.linalg.norm(faces.boxes[:, :2] - expected.boxes[0, :2], axis=1))
    apart = np.linalg.norm(faces.points[best] - expected.points[0], axis=1)
    assert (apart < 0.15 * expected.boxes[0, 2]).all()
    assert 0.5 < faces.confidence[best] <= 1


@pytest.mark.parametrize("shape", [(1, 1), (10, 10), (3, 300), (64, 64)])
def test_plain_images_hold_no_face(haar: HaarCascade, shape: tuple[int, int]) -> None:
    (faces,) = haar.detect(np.full((1, *shape, 3), 90, np.uint8))
    assert faces.boxes.shape == (0, 4) and faces.points.shape == (0, 5, 2)


def test_without_an_eye_in_each_half_there_is_no_pair() -> None:
    same_half = np.array([[3.0, 4.0], [5.0, 6.0]])
    assert best_pair(same_half, np.array([1.0, 2.0]), width=100) is None
    assert best_pair(same_half[:0], np.zeros(0), width=100) is None


def test_the_surest_eye_of_each_half_is_taken() -> None:
    centres = np.array([[10.0, 9.0], [20.0, 8.0], [70.0, 9.0], [80.0, 30.0]])
    pair = best_pair(centres, np.array([2.0, 1.0, 3.0, 0.5]), width=100)
    np.testing.assert_array_equal(pair, [[10, 9], [70, 9]])


def test_points_turn_with_the_eyes() -> None:
    straight = points_from_eyes(np.array([0.0, 0.0]), np.array([10.0, 0.0]))
    turned = points_from_eyes(np.array([0.0, 0.0]), np.array([0.0, 10.0]))
    np.testing.assert_allclose(turned, straight[:, ::-1] * [-1, 1], atol=1e-9)
    np.testing.assert_allclose(straight[:2], [[0, 0], [10, 0]])
    assert (straight[2:, 1] > 0).all()
