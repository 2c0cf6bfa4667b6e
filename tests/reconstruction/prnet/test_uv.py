"""The UV grid."""

import numpy as np
import pytest

from fer3d.errors import UserError
from fer3d.geometry.meshes import vertex_normals
from fer3d.reconstruction.prnet.uv import POINTS, UV_SIZE, checked_tables, uv_triangles


def cells(*places: tuple[int, int]) -> np.ndarray:
    return np.array([row * UV_SIZE + column for row, column in places])


def test_a_whole_square_gives_two_triangles_and_three_corners_give_one():
    corners = [(5, 5), (5, 6), (6, 5), (6, 6)]
    assert len(uv_triangles(cells(*corners))) == 2
    for missing in range(4):
        three = [corner for i, corner in enumerate(corners) if i != missing]
        (triangle,) = uv_triangles(cells(*three))
        assert sorted(triangle) == [0, 1, 2]
    assert len(uv_triangles(cells((5, 5), (6, 6)))) == 0


def test_a_row_does_not_continue_in_the_next_one():
    assert len(uv_triangles(cells((5, UV_SIZE - 1), (6, 0), (6, UV_SIZE - 1), (7, 0)))) == 0


@pytest.mark.parametrize("missing", [None, 0, 1, UV_SIZE, UV_SIZE + 1])
def test_triangles_face_the_viewer_of_an_unrolled_face(missing):
    face_ind = np.array([i for i in range(UV_SIZE * 3) if i != missing])
    row, column = np.divmod(face_ind, UV_SIZE)
    vertices = np.stack([column, row, 0 * row], axis=1).astype(float)
    triangles = uv_triangles(face_ind)
    corners = vertices[triangles]
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] / 2
    assert (areas < 0).all()  # z points away from the viewer
    assert -areas.sum() == 2 * (UV_SIZE - 1) - (0 if missing is None else 0.5 * _lost(missing))
    assert (vertex_normals(vertices, triangles)[:, 2] < 0).all()


def _lost(missing: int) -> int:
    """Half cells lost with a point: one for each square that it is a corner of."""
    rows = 1 if missing < UV_SIZE else 2
    return rows * (1 if missing % UV_SIZE == 0 else 2)


def test_a_coarser_mesh_joins_points_some_cells_apart(tables):
    coarse = uv_triangles(tables.face_ind, step=8)
    row, column = np.divmod(tables.face_ind[coarse], UV_SIZE)
    assert not (row % 8).any() and not (column % 8).any()
    assert set(np.ptp(row, axis=1)) == set(np.ptp(column, axis=1)) == {8}


def test_points_and_landmarks_come_from_their_cells(tables):
    row, column = np.indices((UV_SIZE, UV_SIZE))
    grid = np.stack([column, row], axis=-1)
    points, landmarks = tables.points(grid), tables.landmarks(grid)
    assert np.array_equal(points[:, 1] * UV_SIZE + points[:, 0], tables.face_ind)
    assert np.array_equal(landmarks.T, tables.uv_kpt_ind)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda face, kpt: (face[:-1], kpt), r"expected 43867 numbers.*\(43866,\)"),
        (lambda face, kpt: (face, kpt[:, :5]), r"2 rows of 68.*\(2, 5\)"),
        (lambda face, kpt: (np.full(POINTS, 7), kpt), "some repeat"),
        (lambda face, kpt: (face + 60_000, kpt), "0 to 65535 in face_ind"),
        (lambda face, kpt: (face, kpt + 0.5), "0 to 255 in uv_kpt_ind"),
        (lambda face, kpt: (face, kpt - 256), "0 to 255 in uv_kpt_ind"),
    ],
)
def test_wrong_tables_are_refused(tables, change, message):
    with pytest.raises(UserError, match=message) as caught:
        checked_tables(*change(tables.face_ind, tables.uv_kpt_ind), origin="here")
    assert "\n" not in str(caught.value)
