"""Expressions of images, from Python, with an untrained recognizer."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pngs import write_png
from typer.testing import CliRunner

import fer3d
from fer3d import Recognizer, Results, UserError
from fer3d.cli import typer_app


@pytest.fixture(scope="module")
def recognizer(predictor) -> Recognizer:
    return Recognizer.load(predictor.checkpoint, assets=predictor.toolbox.assets)


@pytest.fixture(scope="module")
def files(face, two_faces, grey, tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    paths = [folder / name for name in ("one.png", "two.png", "none.png")]
    for path, image in zip(paths, (face, two_faces, grey), strict=True):
        write_png(path, image)
    return paths


def test_an_image_gets_what_the_predictor_says(recognizer, predictor, face) -> None:
    got, expected = recognizer(face), predictor.central_face(face)
    assert len(got) == 1 and got.expression == got[0].expression == expected.expression
    assert got.probabilities == expected.probabilities
    assert tuple(got.probabilities) == recognizer.classes
    assert np.array_equal(got[0].aligned, expected.face.aligned.image)
    assert np.array_equal(got[0].shading, expected.relit.shading)


def test_the_process_may_move_before_the_first_image(
    predictor, face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Networks are loaded with the first image."""
    assets = predictor.toolbox.assets
    monkeypatch.chdir(assets.parent)
    loaded = Recognizer.load(predictor.checkpoint, assets=assets.name)
    monkeypatch.chdir(tmp_path)
    assert loaded(face).expression == predictor.central_face(face).expression


def test_several_images_get_what_each_gets_alone(recognizer, files) -> None:
    together = recognizer(files)
    assert [one.image for one in together] == list(map(str, files))
    for one, file in zip(together, files, strict=True):
        assert one.as_rows() == recognizer(file).as_rows()


def test_a_table_has_the_values_that_predict_writes(recognizer, predictor, files, tmp_path) -> None:
    options = ("--checkpoint", predictor.checkpoint, "--assets", predictor.toolbox.assets)
    command = ["predict", *files, "--all-faces", "--csv", tmp_path / "all.csv", *options]
    assert CliRunner().invoke(typer_app, list(map(str, command))).exit_code == 0
    written = pd.read_csv(tmp_path / "all.csv")
    table = recognizer(files, all_faces=True).to_dataframe()
    assert table["face"].tolist() == [1, 1, 2, pd.NA]
    for name in table.columns.drop("face"):
        if table[name].dtype.kind == "f":
            assert table[name].to_numpy() == pytest.approx(written[name], abs=1e-6, nan_ok=True)
        else:
            assert table[name].dropna().tolist() == written[name].dropna().tolist(), name


def test_without_a_face_there_is_no_expression_but_a_row(recognizer, grey) -> None:
    got = recognizer(grey, all_faces=True)
    assert len(got) == 0 and len(got.to_dataframe()) == 1 and "no face" in repr(got)
    with pytest.raises(ValueError, match="no face was found in image 0"):
        got.expression  # noqa: B018
    assert recognizer([]).to_dataframe().empty


def test_reprs_are_short_and_say_the_expression(recognizer, face, two_faces, grey) -> None:
    one = recognizer(face)
    assert re.fullmatch(r"<Expressions of image 0, 256 x 256 px: \w+ 0\.\d\d>", repr(one))
    assert (
        repr(one[0]) == f"<FaceExpression: {one.expression} {max(one.probabilities.values()):.2f}>"
    )
    assert "no face detected" in repr(recognizer(grey))
    several = recognizer([face, two_faces])
    assert isinstance(several, Results) and repr(several).startswith("<Results of 2 images>\n<Expr")
    assert repr(recognizer).endswith(": anger, happiness, neutral>")


def test_a_notebook_shows_pictures_that_need_no_other_file(recognizer, two_faces) -> None:
    shown = recognizer([two_faces], all_faces=True)._repr_html_()
    assert shown.count("<img alt=") == 1 + 2 * 2  # the image; each face aligned, and relit
    assert shown.count("<progress ") == 2 * len(recognizer.classes)
    assert set(re.findall(r'src="(.{22})', shown)) == {"data:image/png;base64,"}


def test_a_long_list_is_shown_in_part(recognizer, grey) -> None:
    one = recognizer(grey)
    many = Results([one] * 25)
    assert (
        many._repr_html_().endswith("<p>... and 5 more</p>") and len(repr(many).split("\n")) == 22
    )
    assert len(many[3:5]) == 2 and many[-1] is one


def test_a_file_that_is_no_recognizer_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "a.ckpt").write_bytes(b"nothing")
    with pytest.raises(UserError, match="not a fer3d recognizer"):
        Recognizer.load(tmp_path / "a.ckpt")
    with pytest.raises(UserError, match="no recognizer 'nobody'"):
        Recognizer.load("nobody")


def test_face3d_reconstructs_every_face(two_faces, repository: Path, assets_dir: Path) -> None:
    faces = fer3d.face3d(two_faces, params=str(repository / "params.yaml"), assets=str(assets_dir))
    left, right = faces
    assert left.landmarks_image.shape == (68, 3) and left.vertices_face.shape == (468, 3)
    for face in faces:  # landmarks lie in the box, give or take a quarter of it
        x, y, width, height = face.box
        inside = (face.landmarks_image[:, :2] - [x, y]) / [width, height]
        assert inside.min() > -0.25 and inside.max() < 1.25
    assert left.box[0] < right.box[0]
    assert left.rotation_deg["yaw"] == pytest.approx(-right.rotation_deg["yaw"], abs=3)  # mirrored
    assert re.match(r"<Faces3D of image 0, 460 x 256 px: pitch -?\d+°, yaw", repr(faces))
    assert faces.to_dataframe()["face"].tolist() == [1, 2]
    assert "<img alt=" in faces._repr_html_()
