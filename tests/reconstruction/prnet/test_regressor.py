"""From position maps to points in the image frame."""

import json

import numpy as np
import pytest
import torch

from fer3d.geometry.affine import Crop
from fer3d.geometry.frames import pose_from_rotation
from fer3d.reconstruction.landmarks import mesh_landmarks
from fer3d.reconstruction.prnet.network import POSITION_RANGE
from fer3d.reconstruction.prnet.regressor import Prn, prn_crop, to_image_frame
from fer3d.reconstruction.prnet.uv import POINTS, uv_triangles
from fer3d.reconstruction.recentralize import fit_similarity
from fer3d.reconstruction.topology import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from fer3d.reconstruction.visibility import visible_points

CROP = Crop(60.0, 50.0, 80.0)


def test_pixels_count_from_corners_and_depth_grows_away_from_the_viewer():
    corner, opposite = to_image_frame(np.array([[-0.5, -0.5, 16.0], [255.5, 255.5, 0.0]]), CROP)
    assert np.allclose(corner, [20, 10, -16 * 80 / 256])
    assert np.allclose(opposite, [100, 90, 0])


def test_the_pose_of_a_turned_face_is_found_again(posed, tables, topology):
    """A mirrored depth, or y, could not be turned to the reference face."""
    vertices = to_image_frame(tables.landmarks(posed.positions), CROP)
    fit = fit_similarity(vertices, tables.landmarks(posed.face))
    assert pose_from_rotation(fit.rotation) == pytest.approx(posed.pose, abs=1e-6)
    assert np.allclose(fit(vertices), tables.landmarks(posed.face))
    near = fit_similarity(vertices, mesh_landmarks(topology.reference))  # cells are 0.1 cm wide
    assert pose_from_rotation(near.rotation) == pytest.approx(posed.pose, abs=1.5)


def test_the_far_cheek_of_a_turned_face_is_hidden_and_the_nose_is_nearest(posed, tables):
    vertices = to_image_frame(tables.points(posed.positions), CROP)
    visible = visible_points(vertices, uv_triangles(tables.face_ind))
    covered, column = tables.points(posed.covered[..., None])[:, 0], tables.face_ind % 256
    # A subject who turns to the own left shows the right cheek, left in the map.
    right, left = (visible[covered & side].mean() for side in (column < 90, column > 166))
    assert right > left + 0.05 and left < 0.9
    landmarks = to_image_frame(tables.landmarks(posed.positions), CROP)
    assert landmarks[:, 2].argmin() in (29, 30)


def test_the_crop_is_the_published_one_about_the_box_of_the_landmarks(topology):
    """1.6 times the mean side of the box, about its centre; the box follows from five points."""
    frontal = topology.reference[:, :2] * [5, -5] + [50, 45]
    landmarks = mesh_landmarks(topology.reference)[:, :2] * [5, -5] + [50, 45]
    eyes = [frontal[list(c)].mean(axis=0) for c in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS)]
    crop = prn_crop((100, 100), np.array([*eyes, landmarks[30], landmarks[48], landmarks[54]]))
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    assert [crop.x, crop.y] == pytest.approx((low + high) / 2, abs=0.1)
    assert crop.side == pytest.approx(1.6 * (high - low).mean(), rel=0.005)
    assert crop.angle == 0


def test_without_points_the_whole_image_is_tried():
    crop = prn_crop((80, 100), np.full((5, 2), np.nan))
    assert (crop.x, crop.y, crop.side) == (50, 40, 100)


@pytest.fixture(scope="module")
def prn(model_file) -> Prn:
    return Prn(model_file)


def test_the_network_sees_the_crop_and_says_crop_pixels(prn, reference):
    recorded = json.loads(reference.RECORD.read_text(encoding="utf-8"))
    positions = prn.position_map(reference.crop(recorded["crop_seed"]))
    mean = positions.mean(axis=(0, 1)) / POSITION_RANGE
    assert positions.shape == (256, 256, 3)
    assert mean == pytest.approx(recorded["mean"], rel=1e-4)


def test_presence_is_that_the_detector_saw_a_face(prn, astronaut, points):
    found, tried = prn(astronaut, points), prn(astronaut, np.full((5, 2), np.nan))
    assert (found.presence, tried.presence) == (1, 0)
    assert found.vertices.shape == (POINTS, 3) and found.landmarks.shape == (68, 3)
    assert not np.array_equal(found.vertices, tried.vertices)


def test_threads_do_not_change_a_byte(prn, reference):
    before, maps = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            maps.append(prn.position_map(reference.crop(3)).tobytes())
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert maps[0] == maps[1]
