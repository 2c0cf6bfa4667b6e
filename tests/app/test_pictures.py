"""Pictures of the page."""

import io
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from fer3d.app.pictures import LEAST_SIDE, MOST_SIDE, jpeg_url, marked_photo
from fer3d.files.images import resize
from fer3d.interface.pictures import png_url


@pytest.fixture(scope="module")
def faces(found) -> list:
    return [one.face for one in found]


def test_a_small_photo_is_enlarged_and_a_large_one_reduced(couple, boxed, faces) -> None:
    marked = marked_photo(couple, faces, boxed.toolbox)
    assert marked.shape == (LEAST_SIDE // 2, LEAST_SIDE, 3)
    large = resize(couple, 2000, 1000)
    reduced = marked_photo(large, boxed.all_faces(large)[0:0], boxed.toolbox)
    assert reduced.shape == (MOST_SIDE // 2, MOST_SIDE, 3)


def test_the_box_of_each_face_is_drawn_in_its_place(couple, boxed, faces) -> None:
    before = couple.copy()
    marked = marked_photo(couple, faces, boxed.toolbox)
    scale = marked.shape[1] / couple.shape[1]
    for face, colour in zip(faces, ((46, 134, 222), (230, 126, 34)), strict=True):
        x, y, width, height = scale * face.aligned.box_source
        bottom, middle = round(float(y + height)), round(float(x + width / 2))
        assert (marked[bottom - 2 : bottom + 3, middle] == colour).all(axis=1).any()
    assert np.array_equal(couple, before)


def test_landmarks_are_drawn_and_the_mesh_on_request(couple, boxed, faces) -> None:
    plain = marked_photo(couple, faces, boxed.toolbox)
    mesh = marked_photo(couple, faces, boxed.toolbox, mesh=True)
    scale = plain.shape[1] / couple.shape[1]
    chin = np.rint(scale * faces[0].landmarks_source[8, :2]).astype(int)
    around = plain[chin[1] - 2 : chin[1] + 3, chin[0] - 2 : chin[0] + 3].astype(int)
    assert (around[..., 1] - around[..., 0]).max() > 50  # green
    assert 0.02 < (plain != mesh).any(axis=2).mean() < 0.5


def test_pictures_travel_as_data_urls(couple) -> None:
    for url, tolerance in ((png_url(couple), 0), (jpeg_url(couple), 20)):
        image = Image.open(io.BytesIO(b64decode(url.partition(",")[2])))
        assert url.startswith(f"data:{image.get_format_mimetype()};")
        assert np.abs(np.asarray(image).astype(int) - couple).mean() <= tolerance
