"""Faces of photos: `fer3d face3d` from end to end."""

import json
import os
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from typer.testing import CliRunner

from fer3d import params_file as parameters
from fer3d.accuracy3d.measures import landmark_error
from fer3d.cli import typer_app
from fer3d.errors import UserError
from fer3d.face3d.landmarks import mesh_landmarks
from fer3d.files.images import resize, write_png
from fer3d.geometry.frames import rotation_from_pose
from fer3d.inference.find_faces import FaceFinder
from fer3d.synthetic.draw import sample_action_units, sample_identity, sample_spec
from fer3d.synthetic.model import load_model
from fer3d.synthetic.render import render
from fer3d.synthetic.spec import FaceSpec, Pose, Rendered

POSES = (Pose(15.0, 20.0, 8.0), Pose(-15.0, -25.0, 0.0))
PLACES = ((10, 20, 256), (270, 60, 160))  # px: left, top, side


@pytest.fixture(scope="module")
def renderings(assets_dir) -> list[Rendered]:
    model = load_model(assets_dir)
    rng = np.random.default_rng(7)
    made = []
    for pose in POSES:
        identity = sample_identity(rng)
        units = sample_action_units(rng, "neutral")
        made.append(render(model, FaceSpec(identity, units, pose)))
    return made


@pytest.fixture(scope="module")
def photo(renderings) -> np.ndarray:
    """Two people, the left one nearer to the camera."""
    canvas = np.full((300, 440, 3), 120, np.uint8)
    for rendered, (left, top, side) in zip(renderings, PLACES, strict=True):
        canvas[top : top + side, left : left + side] = resize(rendered.image, side, side)
    return canvas


@pytest.fixture(scope="module")
def told(photo, repository, assets_dir, tmp_path_factory) -> tuple:
    folder = tmp_path_factory.mktemp("photos")
    write_png(folder / "two.png", photo)
    (folder / "broken.jpg").write_bytes(b"no image")
    write_png(folder / "empty.png", np.full((90, 90, 3), 128, np.uint8))
    files = [str(folder / name) for name in ("broken.jpg", "two.png", "empty.png")]
    options = ["--params", str(repository / "params.yaml"), "--assets", str(assets_dir)]
    outputs = ["--json", "faces.json", "--mesh", "faces.ply", "--picture", "faces.png"]
    named = [str(folder / value) if "." in value else value for value in outputs]
    result = CliRunner().invoke(typer_app, ["face3d", *files, *options, *named])
    return result, folder, json.loads((folder / "faces.json").read_text())["images"]


def test_a_broken_file_is_told_and_the_others_go_on(told):
    result, folder, images = told
    assert result.exit_code == 1
    assert "not_an_image" in result.output
    assert [image["image"] for image in images] == [
        str(folder / name) for name in ("broken.jpg", "two.png", "empty.png")
    ]
    assert [len(image["faces"]) for image in images] == [0, 2, 0]
    assert "error" in images[0] and "error" not in images[2]


def test_both_faces_come_the_larger_first(told, renderings):
    _, _, images = told
    faces = images[1]["faces"]
    for face, pose, rendered, place in zip(faces, POSES, renderings, PLACES, strict=True):
        found = face["rotation_deg"]
        assert found["pitch"] == pytest.approx(pose.pitch, abs=10)
        assert found["yaw"] == pytest.approx(pose.yaw, abs=8)
        assert found["roll"] == pytest.approx(pose.roll, abs=4)
        left, top, side = place
        points = mesh_landmarks(rendered.truth.vertices_image)[:, :2] * (side / 128) + [left, top]
        assert landmark_error(np.array(face["landmarks_image"]), points) < 7
        x, y, width, height = face["box"]
        assert left < x + width / 2 < left + side and top < y + height / 2 < top + side
        assert 0.8 < face["visible_fraction"] <= 1 and face["presence"] > 0.9
        assert np.shape(face["landmarks_image"]) == (68, 3)


def test_the_nose_is_nearer_than_the_ears(told):
    landmarks = np.array(told[2][1]["faces"][0]["landmarks_image"])
    assert landmarks[30, 2] < landmarks[[0, 16], 2].min()


def test_mesh_and_picture_are_numbered_by_image(told):
    import open3d

    _, folder, _ = told
    mesh = open3d.io.read_triangle_mesh(str(folder / "faces_2.ply"))
    assert len(mesh.vertices) == 2 * 468 and len(mesh.triangles) == 2 * 898
    assert mesh.has_vertex_colors()
    assert (folder / "faces_2.png").exists() and not (folder / "faces_1.png").exists()


@pytest.mark.parametrize(
    ("option", "name", "right"),
    [
        ("--picture", "f.jpg", "PNG file: name it f.png"),
        ("--mesh", "f.obj", "PLY .* name it f.ply"),
    ],
)
def test_a_file_of_another_format_is_refused_before_anything_is_done(option, name, right):
    result = CliRunner().invoke(typer_app, ["face3d", "none.jpg", option, name])
    assert isinstance(result.exception, UserError)
    assert re.search(f"{name} would be a {right}", str(result.exception))


def test_the_help_says_what_is_written_for_several_images():
    said = CliRunner().invoke(typer_app, ["face3d", "--help"], env={"COLUMNS": "300"}).output
    assert "empty where there is no face" in said and "f_1.png, f_2.png" in said


def test_a_turned_photo_gives_the_same_face_turned(photo, repository, assets_dir):
    finder = FaceFinder(assets_dir, parameters.load(repository / "params.yaml"))
    height, width = photo.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -12, 1)  # clockwise
    tilted = cv2.warpAffine(photo, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    turn = np.eye(3)
    turn[:2, :2] = matrix[:, :2]
    for face, turned in zip(finder(photo), finder(tilted), strict=True):
        assert turned.pose_source[2] == pytest.approx(
            face.pose_source[2] - 12, abs=4
        )  # to their own left
        expected = rotation_from_pose(face.pose_source) @ turn.T
        left = Rotation.from_matrix(expected.T @ rotation_from_pose(turned.pose_source))
        assert np.degrees(left.magnitude()) < 5


def test_mtcnn_looks_twice_for_a_face_that_it_misses(repository, assets_dir):
    params = parameters.load(repository / "params.yaml")
    strict = params.align.model_copy(update={"thresholds": (1.0, 1.0, 1.0)})  # it finds nothing
    finder = FaceFinder(assets_dir, params.model_copy(update={"align": strict}))
    spec = sample_spec(np.random.default_rng(3), "neutral", 128, 0)
    turned = replace(spec, pose=Pose(0.0, 50.0))
    (seen,) = finder(render(load_model(assets_dir), turned).image)
    assert seen.pose_source[1] == pytest.approx(50, abs=10)
    assert finder(np.full((90, 90, 3), 128, np.uint8)) == []


def test_names_that_are_markup_or_no_utf8_are_written_as_they_are(tmp_path, repository, assets_dir):
    names = ["a[red]b.png", "c[/d].png", os.fsdecode(b"e\xff.png")]
    for name in names:
        write_png(tmp_path / name, np.full((40, 40, 3), 128, np.uint8))
    options = ["--params", str(repository / "params.yaml"), "--assets", str(assets_dir)]
    files = [str(tmp_path / name) for name in names]
    result = CliRunner().invoke(
        typer_app,
        ["face3d", *files, *options, "--json", str(tmp_path / "out.json")],
        env={"COLUMNS": "300"},
    )
    assert result.exit_code == 0
    assert "a[red]b.png" in result.output and "c[/d].png" in result.output
    images = json.loads((tmp_path / "out.json").read_text())["images"]
    for image, name in zip(images, [*names[:2], "e\\xff.png"], strict=True):
        assert image["image"].endswith(name)


def test_no_image_is_written_over(tmp_path):
    write_png(tmp_path / "photo.png", np.zeros((9, 9, 3), np.uint8))
    before = (tmp_path / "photo.png").read_bytes()
    for option in ("--json", "--picture"):
        path = str(tmp_path / "photo.png")
        result = CliRunner().invoke(typer_app, ["face3d", path, option, path, "--assets", "none"])
        assert isinstance(result.exception, UserError), result.exception
        assert "is one of the images" in str(result.exception)
    assert (tmp_path / "photo.png").read_bytes() == before
