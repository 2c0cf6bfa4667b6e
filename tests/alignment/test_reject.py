import numpy as np
import pandas as pd

from fer3d.alignment.params import RejectParams
from fer3d.alignment.reject import MAJOR, SIDE, count_major, face_side, rejected_rows


def test_a_face_is_major_by_its_share_of_the_largest_side():
    sides = np.array([100, 50, 49.9, 10], np.float32)
    assert [count_major(sides, share) for share in (0.0, 0.1, 0.5, 1.0)] == [4, 4, 2, 1]
    assert count_major(np.empty(0, np.float32), 0.5) == 0


def test_the_side_is_the_mean_of_width_and_height():
    assert face_side(np.array([[5, 5, 40, 60], [0, 0, 50, 50]])).tolist() == [50, 50]


def test_each_limit_is_off_alone_and_images_without_a_face_stay():
    frame = pd.DataFrame({"id": list("abcd"), "label": "joy"})
    faces = {SIDE: np.array([50, 49, 80, np.nan]), MAJOR: np.array([1, 1, 3, 0])}

    def reasons(**limits: int) -> dict[str, str]:
        rejected = rejected_rows(frame, faces, RejectParams(**limits))
        return dict(zip(rejected["id"], rejected["reason"], strict=True))

    assert reasons() == {}
    assert reasons(min_face_side=50) == {"b": "small_face"}
    assert reasons(max_major_faces=2) == {"c": "several_faces"}
    assert reasons(min_face_side=90, max_major_faces=2) == {
        "a": "small_face",
        "b": "small_face",
        "c": "small_face",
    }
