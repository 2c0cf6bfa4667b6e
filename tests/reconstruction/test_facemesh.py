"""The mesh network on a real face."""

import cv2
import numpy as np
import pytest

from fer3d.geometry.frames import pose_from_rotation
from fer3d.reconstruction.attention import FEATURES
from fer3d.reconstruction.facemesh import MODEL, SCHEMES, first_crop, load_facemesh
from fer3d.reconstruction.landmarks import mesh_landmarks
from fer3d.reconstruction.recentralize import fit_similarity
from fer3d.reconstruction.topology import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, load_topology

NO_POINTS = np.full((5, 2), np.nan)


@pytest.fixture(scope="module", params=SCHEMES)
def facemesh(assets_dir, request):
    network = load_facemesh(assets_dir / MODEL, request.param)
    return lambda image, points: network([image], points[None])[0]


def pose(vertices: np.ndarray, assets_dir) -> np.ndarray:
    reference = mesh_landmarks(load_topology(assets_dir, 0).reference)
    return pose_from_rotation(fit_similarity(mesh_landmarks(vertices), reference).rotation)


def test_eyes_and_nose_lie_where_they_are(facemesh, astronaut, points):
    mesh = facemesh(astronaut, points)
    right = mesh.vertices[list(RIGHT_EYE_CORNERS), :2].mean(axis=0)
    left = mesh.vertices[list(LEFT_EYE_CORNERS), :2].mean(axis=0)
    assert mesh.presence > 0.99
    assert np.abs(right - points[0]).max() < 3
    assert np.abs(left - points[1]).max() < 3
    assert np.abs(mesh.vertices[4, :2] - points[2]).max() < 4
    assert mesh.vertices[4, 2] < mesh.vertices[[234, 454], 2].min()  # nearer than the ears


def test_without_points_the_whole_image_is_tried(facemesh, astronaut, points):
    found, tried = facemesh(astronaut, points), facemesh(astronaut, NO_POINTS)
    assert tried.presence > 0.99
    assert np.abs(found.vertices - tried.vertices)[:, :2].max() < 2


def test_what_holds_no_face_has_no_presence(facemesh):
    noise = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    for image in (noise, np.full_like(noise, 128)):
        assert facemesh(image, NO_POINTS).presence < 0.5


def test_a_mirrored_face_turns_the_other_way(facemesh, astronaut, assets_dir):
    image = pose(facemesh(astronaut, NO_POINTS).vertices, assets_dir)
    mirrored = np.ascontiguousarray(astronaut[:, ::-1])
    other = pose(facemesh(mirrored, NO_POINTS).vertices, assets_dir)
    assert np.allclose(other, image * [1, -1, -1], atol=3)


def test_a_face_tilted_to_the_left_of_the_image_rolls_to_its_own_right(
    facemesh, astronaut, assets_dir
):
    upright = pose(facemesh(astronaut, NO_POINTS).vertices, assets_dir)
    matrix = cv2.getRotationMatrix2D((50, 50), 25, 1)  # OpenCV: counter-clockwise as seen
    tilted = cv2.warpAffine(astronaut, matrix, (100, 100), borderMode=cv2.BORDER_REPLICATE)
    rolled = pose(facemesh(tilted, NO_POINTS).vertices, assets_dir)
    assert rolled[2] - upright[2] == pytest.approx(25, abs=4)


def test_the_first_crop_follows_the_points():
    face = np.array([[-10, 0], [10, 0], [0, 10], [-8, 24], [8, 24.0]])
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    crop = first_crop(np.array([[100, 100]]), (face @ turn.T + [50, 40])[None])
    assert np.allclose([*crop.x, *crop.y], turn @ [0, 12] + [50, 40])
    assert crop.side == pytest.approx(3.5 * 24)
    assert crop.angle == pytest.approx(np.arctan2(0.6, 0.8))
    whole = first_crop(np.array([[80, 100]]), NO_POINTS[None])
    assert (whole.x, whole.y, whole.side, whole.angle) == (50, 40, 100, 0)


def test_a_mirrored_face_gives_the_mirrored_mesh(facemesh, astronaut, assets_dir):
    """The last pass includes the mirrored crop, so left and right are treated alike."""
    found = facemesh(astronaut, NO_POINTS).vertices
    other = facemesh(np.ascontiguousarray(astronaut[:, ::-1]), NO_POINTS).vertices
    back = other[load_topology(assets_dir, 0).mirror] * [-1, 1, 1] + [100, 0, 0]
    assert np.abs(back - found)[:, :2].max() < 1


def test_three_passes_give_nearly_the_same_mesh(astronaut, points, assets_dir):
    three, five = (
        load_facemesh(assets_dir / MODEL, passes)([astronaut], points[None])[0] for passes in (3, 5)
    )
    apart = np.linalg.norm(three.vertices - five.vertices, axis=1)
    assert 0 < np.median(apart) < 0.5  # px


def test_a_mirrored_face_has_the_features_of_both_crops_exchanged(facemesh, astronaut):
    found = facemesh(astronaut, NO_POINTS).features
    mirrored = facemesh(np.ascontiguousarray(astronaut[:, ::-1]), NO_POINTS).features
    assert found.shape == (2, FEATURES)
    straight, across = found - found.mean(axis=0), mirrored - mirrored.mean(axis=0)
    assert np.corrcoef(straight.ravel(), across[::-1].ravel())[0, 1] > 0.6  # two sizes
