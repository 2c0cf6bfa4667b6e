"""Faces as files."""

import numpy as np

from fer3d.geometry.frames import FRONTAL_FACE_FROM_IMAGE
from fer3d.reconstruction.export import POINT, draw_face, encode_ply, scene_mesh

TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]])
SQUARE = np.array([[0.0, 0, 5], [0, 9, 5], [9, 9, 5], [9, 0, 5]])


def test_a_mesh_is_read_back_by_others(tmp_path):
    import open3d

    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]], np.uint8)
    (tmp_path / "a.ply").write_bytes(encode_ply(SQUARE, colours, TRIANGLES))
    mesh = open3d.io.read_triangle_mesh(str(tmp_path / "a.ply"))
    assert np.allclose(np.asarray(mesh.vertices), SQUARE)
    assert np.array_equal(np.asarray(mesh.triangles), TRIANGLES)
    assert np.allclose(np.asarray(mesh.vertex_colors) * 255, colours, atol=0.6)


def test_faces_of_a_photo_are_one_upright_mesh():
    image = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    square = SQUARE + np.array([0.5, 0.5, 0])  # centres of pixels
    behind = square + np.array([0, 0, 20])
    vertices, colours, triangles = scene_mesh(image, [square, behind], TRIANGLES)
    assert vertices[1].tolist() == [0.5, -9.5, -5]  # down in the photo is down, far is behind
    assert colours[2].tolist() == image[9, 9].tolist()
    assert triangles[2:].min() == 4 and triangles.max() == 7


def test_no_face_is_an_empty_mesh(tmp_path):
    mesh = scene_mesh(np.zeros((4, 4, 3), np.uint8), [], TRIANGLES)
    (tmp_path / "a.ply").write_bytes(encode_ply(*mesh))
    assert b"element vertex 0" in (tmp_path / "a.ply").read_bytes()


def test_a_point_is_drawn_in_the_pixel_that_it_lies_in():
    """The centre of the pixel in column 21 is at 21.5."""
    image = np.zeros((100, 100, 3), np.uint8)
    landmarks = np.full((68, 3), 70.9)
    landmarks[0] = [21.9, 40.1, 0]
    drawn = draw_face(image, SQUARE * 8, landmarks, FRONTAL_FACE_FROM_IMAGE, TRIANGLES)
    rows, columns = np.nonzero((drawn[30:50] == POINT).all(axis=2))
    assert (rows.mean() + 30, columns.mean()) == (40, 21)


def test_drawing_leaves_the_photo_as_it_was():
    image = np.full((100, 100, 3), 90, np.uint8)
    landmarks = np.random.default_rng(0).uniform(20, 80, (68, 3))
    drawn = draw_face(image, SQUARE * 8, landmarks, FRONTAL_FACE_FROM_IMAGE, TRIANGLES)
    assert drawn.shape == image.shape and drawn.dtype == np.uint8
    assert (image == 90).all() and (drawn != 90).any()
