"""The paper's visibility rule."""

import numpy as np
import pytest

from fer3d.geometry.frames import FRONTAL_FACE_FROM_IMAGE, rotation_from_pose
from fer3d.geometry.meshes import TriangleMesh, vertex_normals
from fer3d.geometry.rays import Caster
from fer3d.reconstruction.occlusion import areas_seen
from fer3d.reconstruction.topology import LANDMARKS_68, load_topology
from fer3d.reconstruction.visibility import (
    TOLERANCE,
    cells_across,
    unoccluded_points,
    visible_points,
)


def sheet(points: int, width: float, z: float) -> tuple[np.ndarray, np.ndarray]:
    """A flat square grid that faces the viewer: vertices and triangles, image frame."""
    side = np.linspace(-width / 2, width / 2, points)
    x, y = np.meshgrid(side, side)
    corner = (np.arange(points - 1)[:, None] * points + np.arange(points - 1)).reshape(-1, 1)
    # counter-clockwise for a viewer at negative z who sees y downwards
    halves = np.array([[0, points, points + 1], [0, points + 1, 1]])
    triangles = (corner + halves[:, None]).reshape(-1, 3)
    return np.stack([x, y, np.full_like(x, z)], -1).reshape(-1, 3), triangles


def test_a_flat_sheet_is_visible_from_its_front_alone():
    vertices, triangles = sheet(20, 50, 0)
    assert visible_points(vertices, triangles).all()
    assert not visible_points(vertices, triangles[:, ::-1]).any()


def test_points_behind_another_sheet_are_masked():
    front, triangles = sheet(120, 40, 0)  # at least two points in every cell
    back, more = sheet(60, 80, 30)
    visible = visible_points(
        np.concatenate([front, back]), np.concatenate([triangles, more + len(front)])
    )
    hidden = np.abs(back[:, :2]).max(axis=1) < 18
    uncovered = np.abs(back[:, :2]).max(axis=1) > 22
    assert visible[: len(front)].all()
    assert not visible[len(front) :][hidden].any()
    assert visible[len(front) :][uncovered].all()


def test_of_points_that_share_a_cell_the_two_outermost_are_kept():
    corners = np.array([[0.0, 0, 0], [0, 100, 0], [100, 0, 0]])  # they face the viewer
    layers = np.concatenate([corners + np.array([0, 0, z]) for z in (200, 10, 1000, 40)])
    triangles = np.arange(12).reshape(4, 3)
    visible = visible_points(layers, triangles).reshape(4, 3)
    assert visible.all(axis=1).tolist() == [False, True, False, True]
    assert not visible[[0, 2]].any()


def test_a_dense_patch_does_not_hide_itself():
    vertices, triangles = sheet(40, 1, 0)
    corners, more = sheet(2, 100, 0)
    visible = visible_points(
        np.concatenate([vertices, corners]), np.concatenate([triangles, more + len(vertices)])
    )
    assert visible.all()


def test_a_turned_head_hides_its_far_cheek(assets_dir):
    topology = load_topology(assets_dir, 2)
    face = topology.dense(topology.reference) * 5
    right_cheek, left_cheek = face[:, 0] < -30, face[:, 0] > 30
    for yaw, far, near in ((60, left_cheek, right_cheek), (-60, right_cheek, left_cheek)):
        image = face @ rotation_from_pose(np.array([0.0, yaw, 0.0]))
        visible = visible_points(image, topology.dense.triangles)
        assert visible[far].mean() < 0.1
        assert visible[near].mean() > 0.95


def test_a_frontal_face_shows_nearly_everything(assets_dir):
    topology = load_topology(assets_dir, 2)
    face = topology.dense(topology.reference) * 5
    visible = visible_points(face @ FRONTAL_FACE_FROM_IMAGE, topology.dense.triangles)
    assert visible.mean() > 0.95
    inner = LANDMARKS_68[17:]
    assert visible[inner].mean() > 0.9


def test_it_agrees_with_rays_on_a_turned_head(assets_dir):
    import open3d

    topology = load_topology(assets_dir, 2)
    pose = rotation_from_pose(np.array([10.0, 40.0, 5.0]))
    image = (topology.dense(topology.reference) * 5 @ pose).astype(np.float32)
    scene = open3d.t.geometry.RaycastingScene()
    scene.add_triangles(image, topology.dense.triangles.astype(np.uint32))
    rays = np.zeros((len(image), 6), np.float32)
    rays[:, :2], rays[:, 2], rays[:, 5] = image[:, :2], -100, 1
    truth = image[:, 2] - (scene.cast_rays(rays)["t_hit"].numpy() - 100) < 0.5
    visible = visible_points(image, topology.dense.triangles)
    assert np.mean(visible == truth) > 0.93
    assert visible[truth].mean() > 0.95


def test_size_and_place_do_not_matter(assets_dir):
    topology = load_topology(assets_dir, 1)
    pose = rotation_from_pose(np.array([10.0, 40.0, 5.0]))
    image = topology.dense(topology.reference) @ pose
    visible = visible_points(image, topology.dense.triangles)
    moved = visible_points(image * 8 + [64, 32, 16], topology.dense.triangles)
    assert np.mean(visible == moved) > 0.999  # a point on the border of a cell may fall either way


def test_cells_hold_as_many_points_as_the_papers():
    assert cells_across(43_867) == 160
    assert cells_across(7_257) == 65


def test_what_is_no_surface_is_refused():
    with pytest.raises(ValueError, match="coincide"):
        visible_points(np.zeros((3, 3)), np.array([[0, 1, 2]]))
    with pytest.raises(ValueError, match=r"\(V, 3\), got \(2, 3, 3\)"):
        visible_points(np.zeros((2, 3, 3)), np.array([[0, 1, 2]]))


def test_rays_agree_with_a_scene_that_is_cast_from_afar(assets_dir):
    """Of two sheets, the nearer one is visible, the other one outside of it."""
    front, triangles = sheet(30, 40, 0)
    back, more = sheet(60, 80, 30)
    visible = unoccluded_points(
        np.concatenate([front, back]), np.concatenate([triangles, more + len(front)])
    )
    reach = np.abs(back[:, :2]).max(axis=1)
    assert visible[: len(front)].all()
    assert not visible[len(front) :][reach < 19.9].any()
    assert visible[len(front) :][reach > 20.1].all()


@pytest.mark.parametrize("away", [3.0, -3.0])
@pytest.mark.parametrize("axis", [0, 1])
def test_triangles_beside_all_points_that_are_tested_hide_none(away, axis):
    front, triangles = sheet(4, 1, 0)
    back = np.array([[0.0, 0.3, 0.0], [0.1, 0.5, 0.0], [0.0, 0.5, 0.0]])
    back[:, axis] += away
    vertices = np.concatenate([front, back])
    turned = np.arange(3)[None] + len(front)  # clockwise: seen from behind
    if areas_seen(vertices, turned)[-1] < 0:
        turned = turned[:, ::-1]
    seen = unoccluded_points(vertices, np.concatenate([triangles, turned]))
    assert seen[: len(front)].all() and not seen[len(front) :].any()


def test_rays_see_no_back(assets_dir):
    vertices, triangles = sheet(20, 50, 0)
    assert unoccluded_points(vertices, triangles).all()
    assert not unoccluded_points(vertices, triangles[:, ::-1]).any()


def test_rays_leave_more_of_a_turned_nose_than_cells(assets_dir):
    topology = load_topology(assets_dir, 2)
    image = topology.dense(topology.reference) * 5 @ rotation_from_pose(np.array([10.0, 40, 5]))
    truth = unoccluded_points(image, topology.dense.triangles)
    nose = np.zeros(len(image), bool)
    nose[[4, 5, 195, 197, 6, 1, 2]] = True
    assert truth[nose].all()
    assert unoccluded_points(8 * image + 5, topology.dense.triangles).sum() == truth.sum()


@pytest.mark.parametrize("yaw", [0, 25, -50, 80])
def test_points_are_hidden_as_open3d_casts_its_rays(assets_dir, yaw):
    topology = load_topology(assets_dir, 2)
    triangles = topology.dense.triangles
    face = topology.reference + np.random.default_rng(0).normal(scale=0.1, size=(468, 3))
    image = topology.dense(face) * 5 @ rotation_from_pose(np.array([5.0, yaw, 3.0]))
    start = np.column_stack([image[:, :2], np.full(len(image), image[:, 2].min() - 100)])
    along = np.broadcast_to([0.0, 0.0, 1.0], image.shape)
    distance = Caster([TriangleMesh(image, triangles)]).distances(start, along)
    tolerance = TOLERANCE * np.ptp(image[:, :2], axis=0).max()
    seen = distance >= image[:, 2] - start[:, 2] - tolerance
    expected = seen & (vertex_normals(image, triangles)[:, 2] < 0)
    assert np.mean(unoccluded_points(image, triangles) == expected) > 0.9995
    assert expected.mean() < 0.95 or yaw == 0
