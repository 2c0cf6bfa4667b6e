"""Groups of images."""

import numpy as np
import pandas as pd
import pytest

from fer3d.experiments.groups import (
    NO_FACE,
    face_boxes,
    lighting,
    thirds,
    turned,
    yaw_groups,
    yaw_names,
)


def faces(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_a_head_is_in_the_bin_of_its_yaw_to_either_side() -> None:
    yaw = [0.0, -9.9, 10.0, 20.0, -20.1, 30.0, -75.0, 0.0]
    frame = faces(yaw=yaw, reconstructed=[True] * 7 + [False])
    expected = ["0 to 10°"] * 2 + ["10 to 20°"] + ["20 to 30°"] * 2 + ["over 30°"] * 2 + [NO_FACE]
    assert yaw_groups(frame).tolist() == expected
    assert set(expected) == set(yaw_names())
    assert turned(frame).tolist() == [False] * 4 + [True] * 3 + [False]


def lit(left: int, right: int) -> np.ndarray:
    image = np.full((20, 20, 3), left, np.uint8)
    image[:, 10:] = right
    return image


BOX = {"box_x": 4.0, "box_y": 2.0, "box_w": 12.0, "box_h": 16.0}


def test_a_shadow_on_one_side_is_seen_from_either_side() -> None:
    images = np.stack([lit(100, 100), lit(150, 50), lit(50, 150), lit(0, 0)])
    frame = faces(detection=["mtcnn"] * 4, **{name: [value] * 4 for name, value in BOX.items()})
    result = lighting(images, np.arange(4), frame)
    np.testing.assert_allclose(result.brightness, [100, 100, 100, 0])
    np.testing.assert_allclose(result.side_light, [0, 0.5, 0.5, 0])


def test_the_background_does_not_count_where_the_face_is_known() -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    image[2:18, 4:16] = 200
    frame = faces(detection=["mtcnn", ""], **{name: [value] * 2 for name, value in BOX.items()})
    bright = lighting(image[None], np.zeros(2, int), frame).brightness
    assert bright[0] == pytest.approx(200) and bright[1] == pytest.approx(96)


def test_boxes_stay_inside_the_image() -> None:
    frame = faces(
        detection=["mtcnn", "haar", "mtcnn"],
        box_x=[-5.0, 90.0, 99.5],
        box_y=[-5.0, 90.0, np.nan],
        box_w=[120.0, 40.0, 1.0],
        box_h=[120.0, 40.0, 1.0],
    )
    assert face_boxes(frame, 100).tolist() == [
        [0, 0, 100, 100],
        [90, 90, 100, 100],
        [98, 0, 100, 2],
    ]


def test_thirds_are_of_equal_size_where_values_differ() -> None:
    names = ("low", "middle", "high")
    assert thirds(np.arange(9.0), names).tolist() == ["low"] * 3 + ["middle"] * 3 + ["high"] * 3
    assert set(thirds(np.ones(5), names)) == {"low"}
