"""Faces of photos: `fer3d face3d` from end to end."""

import json
import os
import re

import numpy as np
import pytest
from pngs import write_png
from typer.testing import CliRunner

from fer3d.accuracy3d.measures import landmark_error
from fer3d.cli import typer_app
from fer3d.errors import UserError
from fer3d.reconstruction.landmarks import mesh_landmarks


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


def test_both_faces_come_the_larger_first(told, people):
    _, _, images = told
    for face, person in zip(images[1]["faces"], people, strict=True):
        found = face["rotation_deg"]
        assert found["pitch"] == pytest.approx(person.pose.pitch, abs=10)
        assert found["yaw"] == pytest.approx(person.pose.yaw, abs=8)
        assert found["roll"] == pytest.approx(person.pose.roll, abs=4)
        corner, side = np.array([person.left, person.top]), person.side
        truth = mesh_landmarks(person.rendered.truth.vertices_image)[:, :2] * (side / 128) + corner
        assert landmark_error(np.array(face["landmarks_image"]), truth) < 7
        box = np.array(face["box"])
        middle = box[:2] + box[2:] / 2
        assert (corner < middle).all() and (middle < corner + side).all()
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
    assert "empty if there is no face" in said and "f_1.png, f_2.png" in said


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


def test_a_document_on_standard_output_is_alone_there(tmp_path, repository, assets_dir, capfd):
    write_png(tmp_path / "empty.png", np.full((40, 40, 3), 128, np.uint8))
    options = ["--params", str(repository / "params.yaml"), "--assets", str(assets_dir)]
    command = ["face3d", str(tmp_path / "empty.png"), *options, "--json", "/dev/stdout"]
    result = CliRunner().invoke(typer_app, command)
    assert result.exit_code == 0 and not result.stdout and "no face" in result.stderr
    assert len(json.loads(capfd.readouterr().out)["images"]) == 1


def test_no_image_is_written_over(tmp_path):
    write_png(tmp_path / "photo.png", np.zeros((9, 9, 3), np.uint8))
    before = (tmp_path / "photo.png").read_bytes()
    for option in ("--json", "--picture"):
        path = str(tmp_path / "photo.png")
        result = CliRunner().invoke(typer_app, ["face3d", path, option, path, "--assets", "none"])
        assert isinstance(result.exception, UserError), result.exception
        assert "is one of the inputs" in str(result.exception)
    assert (tmp_path / "photo.png").read_bytes() == before
