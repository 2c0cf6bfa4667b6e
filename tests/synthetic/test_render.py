from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer3d.geometry.frames import viewer_from_face
from fer3d.synthetic import anatomy, scene
from fer3d.synthetic.draw import sample_spec
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import Appearance, Camera, FaceSpec, Light, Pose

NOSE_TIP = 4  # vertex of the mesh
SIZE = 96
WALL = (0.0, 0.0, 1.0)  # no skin is as blue


@pytest.fixture(scope="module")
def frontal(nobody, units):
    look = Appearance(background=(WALL, WALL), hairline=10.0, hair_thickness=0.0)
    return FaceSpec(nobody, units({}), camera=Camera(SIZE), appearance=look)


def outline(vertices):
    """Pixels inside the hull of projected vertices."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    hull = cv2.convexHull(np.floor(vertices[:, :2]).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 1)
    return mask.astype(bool)


def world_of(model, spec):
    face = model.vertices(spec.identity, spec.action_units)
    turn = viewer_from_face(spec.pose.angles)
    return scene.build(model, spec, face, turn), scene.place_camera(spec.camera, turn, face), face


def test_equal_arguments_give_equal_bytes(model, frontal):
    assert render(model, frontal).image.tobytes() == render(model, frontal).image.tobytes()


def test_truth_lies_on_the_picture_of_the_face(model, frontal):
    rendered = render(model, frontal)
    assert rendered.image.shape == (SIZE, SIZE, 3)
    red, blue = rendered.image[..., 0].astype(int), rendered.image[..., 2].astype(int)
    wall = (blue > 200) & (red < 40)
    inside = outline(rendered.truth.vertices_image)
    assert not wall[cv2.erode(inside.astype(np.uint8), np.ones((3, 3))).astype(bool)].any()
    # the sides of the head are hardly wider than the face: the wall starts right beside it
    left, right = (
        rendered.truth.vertices_image[:, 0].min(),
        rendered.truth.vertices_image[:, 0].max(),
    )
    row = int(rendered.truth.vertices_image[NOSE_TIP, 1])
    assert wall[row, : int(left) - 5].all() and wall[row, int(right) + 6 :].all()


def test_truth_of_the_pupils_lies_on_dark_pixels_between_bright_ones(model, frontal):
    rendered = render(model, replace(frontal, camera=Camera(256)))
    vertices = rendered.truth.vertices_image
    for ring in (anatomy.LEFT_EYE, anatomy.RIGHT_EYE):
        x, y = vertices[list(ring), :2].mean(axis=0).astype(int)
        width = int(np.ptp(vertices[list(ring), 0]))
        row = rendered.image[y, x - width // 2 : x + width // 2].mean(axis=-1)
        assert row.min() < 60 and row.max() > 150


def test_a_turned_head_shows_the_nose_on_that_side(model, frontal):
    for yaw in (-30.0, 30.0):
        vertices = render(model, replace(frontal, pose=Pose(yaw=yaw))).truth.vertices_image
        middle = 0.5 * (vertices[:, 0].min() + vertices[:, 0].max())
        assert np.sign(yaw) * (vertices[NOSE_TIP, 0] - middle) > 0.05 * SIZE


def test_depth_grows_into_the_scene(model, frontal):
    vertices = render(model, frontal).truth.vertices_image
    assert vertices[NOSE_TIP, 2] < vertices[anatomy.FACE_OVAL[9], 2]


def test_the_camera_puts_the_face_where_it_is_told(model, frontal):
    camera = Camera(SIZE, fill=0.5, centre=(0.4, 0.55))
    vertices = render(model, replace(frontal, camera=camera)).truth.vertices_image[:, :2]
    middle = 0.5 * (vertices.min(axis=0) + vertices.max(axis=0))
    np.testing.assert_allclose(middle, [0.4 * SIZE, 0.55 * SIZE], atol=1e-3)


def test_a_frontal_face_hides_little_and_a_turned_one_its_far_side(model, frontal):
    assert render(model, frontal).truth.visible.mean() > 0.95
    visible = render(model, replace(frontal, pose=Pose(yaw=60.0))).truth.visible
    left, right = model.reference[:, 0] > 2.0, model.reference[:, 0] < -2.0
    assert visible[right].mean() > 0.9 > 0.5 > visible[left].mean()


def test_head_hair_and_neck_never_cut_into_the_face(model):
    rng = np.random.default_rng(3)
    for label in ("surprise", "sadness", "neutral", "happiness", "fear", "disgust"):
        spec = sample_spec(rng, label, SIZE, max_yaw=30.0)
        world, view, face = world_of(model, spec)
        alone = scene.Scene({scene.FACE: world.meshes[scene.FACE]})
        seen = alone.visible(face, view.position)
        np.testing.assert_array_equal(world.visible(face, view.position), seen)


def test_light_from_a_side_brightens_that_side(model, frontal):
    direction = (np.sin(1.0), 0.0, np.cos(1.0))  # to the image's right
    image = render(model, replace(frontal, light=Light(direction, ambient=0.3))).image
    row = image[SIZE // 2 + 6].mean(axis=-1)
    assert (
        row[SIZE // 2 + 10 : SIZE // 2 + 18].mean()
        > 1.3 * row[SIZE // 2 - 18 : SIZE // 2 - 10].mean()
    )


def test_an_open_mouth_is_dark_inside(model, frontal, units):
    spec = replace(frontal, camera=Camera(128), action_units=units({25: 1.0, 26: 1.0}))
    rendered = render(model, spec)
    rim = rendered.truth.vertices_image[list(anatomy.MOUTH)]
    x, y = int(rim[:, 0].mean()), int(0.65 * rim[:, 1].min() + 0.35 * rim[:, 1].max())
    assert rendered.image[y, x].mean() < 90
