"""Pictures of recognized faces, and their paths."""

from pathlib import Path

import numpy as np
import pytest

from fer3d.errors import UserError
from fer3d.inference.draw import PANEL, Numbered, draw_frame, draw_photo
from fer3d.inference.picture_paths import Part, picture_paths


def test_a_picture_shows_the_box_and_more_on_request(predictor, two_faces):
    found = predictor.all_faces(two_faces)
    before = two_faces.copy()
    plain, full = (
        draw_photo(two_faces, found, parts, predictor.toolbox) for parts in ((), tuple(Part))
    )
    assert (two_faces == before).all()
    height, width = two_faces.shape[:2]
    assert plain.shape == (height, width + PANEL, 3) and len(full) > height
    x, y, w, h = found[0].face.aligned.box_source.astype(int)
    inside = np.s_[y + 4 : y + h - 4, x + 4 : x + w - 4]
    assert (plain[:height, :width][inside] == two_faces[inside]).all()
    assert (plain[y + h // 2, x : x + 3] != two_faces[y + h // 2, x : x + 3]).any()
    assert (full[:height, :width][inside] != two_faces[inside]).mean() > 0.2
    black = [(picture[:, width:] == 0).all(axis=2).mean() for picture in (plain, full)]
    assert black[0] == 0 and black[1] > 0.02  # around the face in the shading image


def test_a_small_photo_is_enlarged(predictor, face):
    small = np.ascontiguousarray(face[::2, ::2])
    assert draw_photo(small, [], (), predictor.toolbox).shape == (320, 320 + PANEL, 3)


def test_a_frame_keeps_its_size_whatever_is_in_it(predictor, two_faces):
    frame = np.ascontiguousarray(two_faces[:255, :459])
    found = [Numbered(7, one) for one in predictor.all_faces(two_faces)]
    pictures = [draw_frame(frame, faces, Part, predictor.toolbox) for faces in ([], found)]
    assert [picture.shape for picture in pictures] == 2 * [(254, 458 + PANEL, 3)]


def test_pictures_are_named_after_their_images(tmp_path: Path):
    for name in ("a/x.jpg", "a/b/x.jpg", "c/x.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    out, folder, photo = Path("out"), tmp_path / "a", tmp_path / "c/x.jpg"
    files = [folder / "b/x.jpg", folder / "x.jpg"]
    assert picture_paths([folder], files, out) == [out / "b/x.jpg.png", out / "x.jpg.png"]
    assert picture_paths([photo], [photo], Path("a.png")) == [Path("a.png")]
    with pytest.raises(UserError, match=r"two images would be drawn to out/x.jpg.png"):
        picture_paths([folder, photo], [*files, photo], out)
    with pytest.raises(UserError, match=r"names one picture, there are 2 images: name a folder"):
        picture_paths([folder], files, Path("a.png"))
    with pytest.raises(UserError, match="a picture is a PNG file"):
        picture_paths([photo], [photo], Path("a.jpg"))
