"""What the page knows of faces."""

import numpy as np
import pytest

from fer3d.app import faces
from fer3d.app.faces import SeenFace, find_faces, seen_faces
from fer3d.errors import UserError


def test_faces_are_those_of_predict(couple, boxed, found) -> None:
    got = find_faces(couple, boxed)
    assert [one.probabilities for one in got] == [one.probabilities for one in found]
    assert len(got) == 2


def test_only_the_largest_faces_are_kept(couple, boxed, found, monkeypatch) -> None:
    monkeypatch.setattr(faces, "MAX_FACES", 1)
    (only,) = find_faces(couple, boxed)
    assert np.array_equal(only.face.aligned.box, found[0].face.aligned.box)


def test_faces_that_are_small_for_the_photo_are_not_looked_for(couple, boxed, monkeypatch) -> None:
    monkeypatch.setattr(faces, "SMALLEST_FACE", 2.0)
    with pytest.raises(UserError):
        find_faces(couple, boxed)


def test_without_a_face_there_is_a_sentence(grey, boxed) -> None:
    with pytest.raises(UserError, match="No face was found"):
        find_faces(grey, boxed)


def test_a_face_is_the_same_after_its_way_through_the_page(boxed, found) -> None:
    for one, seen in zip(found, seen_faces(found, boxed), strict=True):
        back = SeenFace.model_validate_json(seen.model_dump_json())
        assert back == seen
        solid = one.face.reconstruction
        assert np.array_equal(back.vertices_face, solid.vertices_face)
        assert np.array_equal(back.visible_points(len(solid.visible)), solid.visible)
        assert back.rotation_deg["yaw"] == pytest.approx(solid.pose[1], abs=1e-3)


def test_a_face_without_reconstruction_has_no_mesh(grey, boxed) -> None:
    (seen,) = seen_faces([boxed.central_face(grey)], boxed)
    assert seen.no_face3d == "no_face" and seen.rotation_deg is None
    assert seen.vertices_face.shape == (0, 3)
