"""What the page does: each method takes values of the page and returns new ones by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from dash import ClientsideFunction, Dash, Input, Output, Patch, State, no_update

from fer3d.app.faces import SeenFace, find_faces, seen_faces
from fer3d.app.figures import mesh_figure, typed_array
from fer3d.app.layout import BRANCHES, bars, facts
from fer3d.app.light import light_direction, relit, surface_points
from fer3d.app.photo import read_data_url
from fer3d.app.pictures import jpeg_url, marked_photo
from fer3d.errors import UserError
from fer3d.inference.branches import ALL, mixed_probabilities
from fer3d.inference.recognize import Prediction, Predictor
from fer3d.interface.pictures import png_url

Values = dict[str, Any]

IN_THE_BROWSER = {  # results and inputs of the functions in assets/page.js
    "chosen": ([Output("photo", "data")], [Input("upload", "contents")]),
    "picked": (
        [Output("face", "data"), Output("aligned", "src"), Output("shading", "src")],
        [Input("faces", "data"), Input("pictures", "data"), Input("number", "value")],
    ),
    "drawn": ([Output("picture", "src")], [Input("pictures", "data"), Input("drawn", "value")]),
}
LOOKED = {
    "faces": Output("faces", "data"),
    "pictures": Output("pictures", "data"),
    "choice": Output("number", "options"),
    "number": Output("number", "value"),
    "message": Output("message", "children"),
    "empty": Output("result", "hidden"),
}
BUSY = [  # while it looks
    (Output("busy", "hidden"), False, True),
    (Output("message", "hidden"), True, False),
    (Output("result", "className"), "waits", ""),
]
SHOWN = {
    "figure": Output("mesh", "figure"),
    "relit": Output("relit", "src"),
    "no_mesh": Output("mesh-card", "hidden"),
    "no_light": Output("light-card", "hidden"),
    "branches": Output("branches", "options"),
    "on": Output("branches", "value"),
    "note": Output("branches-note", "children"),
    "facts": Output("facts", "children"),
}
SHONE = {
    "figure": Output("mesh", "figure", allow_duplicate=True),
    "relit": Output("relit", "src", allow_duplicate=True),
}


@dataclass(frozen=True)
class Callbacks:
    """The callbacks of the page.

    Attributes:
        predictor: the recognizer.
        busy: held while it works: its networks take one photo at a time.
    """

    predictor: Predictor
    busy: Lock = field(default_factory=Lock)

    def look(self, photo: Mapping[str, str]) -> Values:
        """Finds the faces in a photo: ``LOOKED``."""
        unchanged = dict.fromkeys(LOOKED, no_update)
        try:
            if problem := photo.get("problem"):
                raise UserError(problem)
            image = read_data_url(photo["contents"])
            with self.busy:
                found = find_faces(image, self.predictor)
                faces = seen_faces(found, self.predictor)
        except UserError as error:
            return unchanged | {"message": str(error), "empty": True}
        numbers = [{"label": f"face {n + 1}", "value": n} for n in range(len(found))]
        return {
            "faces": [face.model_dump(mode="json") for face in faces],
            "pictures": self._pictures(image, found),
            "choice": numbers if len(numbers) > 1 else [],
            "number": 0,
            "message": "",
            "empty": False,
        }

    def show(self, face: Values, azimuth: float, elevation: float) -> Values:
        """Shows a face under a light: ``SHOWN``."""
        seen = SeenFace.model_validate(face)
        about = self._branches(seen) | {
            "facts": facts(seen.rotation_deg, seen.presence, seen.no_face3d)
        }
        if seen.no_face3d:
            return dict.fromkeys(SHOWN, no_update) | about | {"no_mesh": True, "no_light": True}
        relighter = self.predictor.relighter
        lit = relit(seen, light_direction(azimuth, elevation), relighter)
        triangles = relighter.surface.load().triangles
        figure = mesh_figure(surface_points(seen, relighter), triangles, lit.intensities)
        shown = {"figure": figure, "relit": png_url(lit.shading)}
        return shown | about | {"no_mesh": False, "no_light": False}

    def shine(self, azimuth: float, elevation: float, face: Values | None) -> Values:
        """Relights the face: ``SHONE``."""
        if face is None or face["no_face3d"]:
            return dict.fromkeys(SHONE, no_update)
        light = light_direction(azimuth, elevation)
        lit = relit(SeenFace.model_validate(face), light, self.predictor.relighter)
        change = Patch()
        change["data"][0]["intensity"] = typed_array(lit.intensities)
        return {"figure": change, "relit": png_url(lit.shading)}

    def weigh(self, on: Sequence[str], face: Values | None) -> Any:
        """The bars with some branches on."""
        if face is None:
            return no_update
        logits = SeenFace.model_validate(face).logits
        if len(logits) > 1 and not on:
            return "Switch on at least one branch."
        whole = mixed_probabilities({ALL: logits[ALL]}, ())
        return bars(self.predictor.classes, mixed_probabilities(logits, on), whole)

    def _pictures(self, image: np.ndarray, found: Sequence[Prediction]) -> Values:
        faces, toolbox = [one.face for one in found], self.predictor.toolbox
        return {
            "plain": jpeg_url(marked_photo(image, faces, toolbox)),
            "mesh": jpeg_url(marked_photo(image, faces, toolbox, mesh=True)),
            "aligned": [png_url(one.face.aligned.image) for one in found],
            "shading": [png_url(one.relit.shading) for one in found],
        }

    def _branches(self, face: SeenFace) -> Values:
        """The switches, those that are on, and a note."""
        names = self.predictor.trained.network.config.branches
        own = face.logits.keys() - {ALL}
        options = [
            {"label": BRANCHES[name], "value": name, "disabled": name not in own} for name in names
        ]
        on = [name for name in names if name in own] if own else list(names)
        note = "The marks show the answer of all branches." if own else ""
        if not own and len(names) > 1:
            note = "This recognizer has one classifier, which needs all of its branches."
        return {"branches": options, "on": on, "note": note}


def connect(app: Dash, callbacks: Callbacks) -> None:
    """Register the callbacks of the page."""
    face, lights = ("face", "data"), ("azimuth", "elevation")
    still = {name: State(name, "value") for name in lights}
    moved = {name: Input(name, "value") for name in lights}
    switched = {"on": Input("branches", "value"), "face": Input(*face)}
    app.callback(
        LOOKED, {"photo": Input("photo", "data")}, prevent_initial_call=True, running=BUSY
    )(callbacks.look)
    for outputs, arguments, method in (
        (SHOWN, {"face": Input(*face)} | still, callbacks.show),
        (SHONE, moved | {"face": State(*face)}, callbacks.shine),
        (Output("bars", "children"), switched, callbacks.weigh),
    ):
        app.callback(outputs, arguments, prevent_initial_call=True)(method)
    for name, (results, inputs) in IN_THE_BROWSER.items():
        function = ClientsideFunction("app", name)
        app.clientside_callback(function, *results, *inputs, prevent_initial_call=True)
