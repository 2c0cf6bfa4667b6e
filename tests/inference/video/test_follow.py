"""The motion of a face is that of the picture in its box."""

import cv2
import numpy as np
import pytest

from fer3d.geometry import affine
from fer3d.inference.video.follow import motion, overlap

BOX = np.array([100, 80, 60, 70], np.float32)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """(240, 320) uint8, smooth noise."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (60, 80), dtype=np.uint8)
    return cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize(("angle", "scale"), [(0, 1.0), (4, 1.0), (0, 1.05), (-3, 0.96)])
def test_a_similarity_is_found_again(picture, angle, scale):
    centre = tuple(map(float, affine.centre_of(BOX)))
    known = cv2.getRotationMatrix2D(centre, angle, scale)
    known[:, 2] += [7, -5]
    after = cv2.warpAffine(picture, known, (320, 240), borderMode=cv2.BORDER_REFLECT)
    found = motion(picture, after, BOX)
    corners = BOX[:2] + BOX[2:] * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert affine.apply(found, corners) == pytest.approx(affine.apply(known, corners), abs=0.4)


def test_what_is_not_there_any_more_is_not_followed(picture):
    assert motion(picture, np.full_like(picture, 90), BOX) is None
    assert motion(np.full_like(picture, 90), picture, BOX) is None
    another = np.ascontiguousarray(picture[::-1, ::-1])
    assert motion(picture, another, BOX) is None


def test_a_box_at_the_edge_is_cut_there(picture):
    outside = np.array([-30, 200, 60, 70], np.float32)
    found = motion(picture, picture, outside)
    assert found == pytest.approx(np.eye(2, 3), abs=1e-3)


def test_overlap_is_intersection_over_union():
    boxes = np.array([[0, 0, 2, 2], [10, 10, 1, 1]])
    assert overlap(boxes, np.array([[1, 0, 2, 2], [0, 0, 2, 2]])).tolist() == [[1 / 3, 1], [0, 0]]
