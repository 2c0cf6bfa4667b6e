"""The page without a browser: values in, values out."""

import json
from base64 import b64decode

import numpy as np
import plotly.io
import pytest
from dash import no_update

from fer3d.app.callbacks import LOOKED, SHOWN, Callbacks
from fer3d.app.faces import seen_faces
from fer3d.interface.pictures import png_url


@pytest.fixture(scope="module")
def face(answered) -> dict:
    return answered["faces"][0]


def texts(components) -> list[str]:
    """The texts of bars: name and value of each class."""
    return [(bar.children[0].children, bar.children[2].children) for bar in components]


def test_a_photo_gets_its_faces_as_json(answered, found) -> None:
    assert answered.keys() == LOOKED.keys()
    assert json.loads(json.dumps(answered)) == answered
    assert len(answered["faces"]) == len(answered["choice"]) == len(found) == 2
    assert answered["message"] == "" and not answered["empty"]


def test_a_single_face_needs_no_choice(callbacks, couple) -> None:
    one = png_url(np.ascontiguousarray(couple[:, :128]))
    got = callbacks.look({"contents": one})
    assert got["choice"] == [] and len(got["faces"]) == 1 and got["number"] == 0


@pytest.mark.parametrize("size", [(80, 120), (1, 1), (3, 900)])
def test_a_photo_without_a_face_gets_a_message(callbacks, size) -> None:
    got = callbacks.look({"contents": png_url(np.full((*size, 3), 128, np.uint8))})
    assert got["message"].startswith("No face was found") and got["empty"]
    assert got["faces"] is no_update


def test_what_the_browser_refuses_is_told_too(callbacks) -> None:
    assert callbacks.look({"problem": "no camera"})["message"] == "no camera"


def test_the_figure_has_the_surface_of_the_face(callbacks, face, boxed) -> None:
    got = callbacks.show(face, 0, 0)
    assert got.keys() == SHOWN.keys() and not got["no_mesh"] and not got["no_light"]
    (mesh,) = got["figure"].data
    dense = boxed.relighter.surface.load()
    assert len(mesh.x) == len(mesh.intensity) == len(dense)
    assert len(mesh.i) == len(dense.triangles)
    plotly.io.to_json(got["figure"])
    assert got["facts"].startswith("pitch ") and "presence 1.00" in got["facts"]


def test_the_light_changes_figure_and_picture_as_if_they_were_new(callbacks, face) -> None:
    front, side = callbacks.show(face, 0, 0), callbacks.show(face, 50, 10)
    changed = callbacks.shine(50, 10, face)
    assert changed["relit"] == side["relit"] != front["relit"]
    (operation,) = changed["figure"].to_plotly_json()["operations"]
    sent = np.frombuffer(b64decode(operation["params"]["value"]["bdata"]), np.uint8)
    assert operation["location"] == ["data", 0, "intensity"]
    assert np.array_equal(sent, side["figure"].data[0].intensity)


def test_all_branches_give_the_answer_of_predict(callbacks, face, found) -> None:
    on = callbacks.show(face, 0, 0)["on"]
    assert on == ["base", "vertices", "features"]
    expected = [(name, f"{value:.0%}") for name, value in found[0].probabilities.items()]
    assert texts(callbacks.weigh(on, face)) == expected
    assert texts(callbacks.weigh(["vertices"], face)) != expected
    assert callbacks.weigh([], face) == "Switch on at least one branch."


def test_without_a_photo_nothing_moves(callbacks) -> None:
    assert callbacks.weigh(["base"], None) is no_update
    assert set(callbacks.shine(10, 0, None).values()) == {no_update}


def test_without_a_3d_face_the_photo_alone_is_on(callbacks, boxed, grey) -> None:
    (seen,) = seen_faces([boxed.central_face(grey)], boxed)
    face = seen.model_dump(mode="json")
    got = callbacks.show(face, 0, 0)
    assert (
        got["no_mesh"] and got["no_light"] and got["on"] == ["base"] and "no face" in got["facts"]
    )
    assert [option["disabled"] for option in got["branches"]] == [False, True, True]
    assert set(callbacks.shine(10, 0, face).values()) == {no_update}


def test_branches_without_classifiers_cannot_be_switched_off(predictor, couple) -> None:
    page = Callbacks(predictor)
    face = page.look({"contents": png_url(couple)})["faces"][0]
    got = page.show(face, 0, 0)
    assert all(option["disabled"] for option in got["branches"])
    assert got["on"] == ["base", "shading", "landmark"] and "one classifier" in got["note"]
    assert len(page.weigh(got["on"], face)) == 3
