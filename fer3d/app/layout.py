"""The layout of the page; the ids are those of ``fer3d.app.callbacks``."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from fer3d.app.photo import MAX_BYTES, TYPES

BRANCHES = {  # by name in the network
    "base": "photo",
    "shading": "shading image",
    "landmark": "landmarks",
    "vertices": "3D vertices",
    "features": "features of the mesh network",
}
# Any: Dash's generated types do not take literal dictionaries
MESH_CONFIG: Any = {
    "displaylogo": False,
    "scrollZoom": False,
    "modeBarButtons": [["resetCameraDefault3d", "toImage"]],
}
AZIMUTH, ELEVATION = 90, 80  # degrees, to both sides
_BARS: Any = {"aria-label": "probabilities of the expressions"}
_WHAT_IT_SAYS = (
    "The bars say what annotators would call the face in this photo. They say nothing certain "
    "about what the person feels: do not use them to judge, select or monitor people."
)


def page(recognizer: str) -> Component:
    """The whole page before a photo was chosen.

    Args:
        recognizer: a line about it.
    """
    return html.Main(
        [
            html.H1("fer3d"),
            html.P(recognizer, className="quiet"),
            *_stores(),
            _chooser(),
            html.P(id="message", role="status"),
            html.P("Looking for faces …", id="busy", role="status", hidden=True),
            html.Div(_columns(), id="result", hidden=True),
            html.Footer(
                [
                    html.P(_WHAT_IT_SAYS),
                    html.P("Photos are neither stored nor sent to another machine."),
                ]
            ),
        ]
    )


def bars(names: Sequence[str], values: Sequence[float], whole: Sequence[float]) -> list[Component]:
    """A bar for each class, with a mark where it ends with all branches on.

    Args:
        names: of the classes.
        values: probabilities, 0 to 1.
        whole: those with all branches on.
    """
    best = max(values)
    return [_bar(*one, best=one[1] == best) for one in zip(names, values, whole, strict=True)]


def facts(rotation_deg: Mapping[str, float] | None, presence: float, problem: str) -> str:
    """A line on the pose of a face."""
    if rotation_deg is None:
        return f"No 3D face was reconstructed ({problem.replace('_', ' ')})."
    angles = ", ".join(f"{name} {round(value)}°" for name, value in rotation_deg.items())
    return f"{angles}, presence {presence:.2f}"


def _bar(name: str, value: float, whole: float, *, best: bool) -> Component:
    filled = html.Div(className="fill", style={"width": f"{value:.2%}"})
    mark = html.Div(className="mark", style={"left": f"{whole:.2%}"})
    parts = [
        html.Span(name, className="name"),
        html.Div([filled, mark], className="track"),
        html.Span(f"{value:.0%}", className="value"),
    ]
    return html.Div(parts, className="bar best" if best else "bar")


def _stores() -> list[Component]:
    """What the page keeps: in the memory of the browser, until it is closed."""
    return [dcc.Store(name) for name in ("photo", "pictures", "faces", "face")]


def _chooser() -> Component:
    drop = dcc.Upload(
        [
            html.B("Drop a photo here"),
            html.Span(" or click to choose a file"),
            html.Div(f"up to {MAX_BYTES // 1_000_000} MB; {TYPES}", className="quiet"),
        ],
        id="upload",
        className="drop",
        className_active="drop over",
    )
    camera = html.Div(
        [
            html.Video(id="camera-video", autoPlay=True, muted=True),
            html.Div(
                [html.Button("Take it", id="camera-take"), html.Button("Cancel", id="camera-stop")],
                className="row",
            ),
        ],
        id="camera",
        hidden=True,
    )
    return html.Section(
        [
            drop,
            html.Button("Use the camera", id="camera-start", hidden=True),
            camera,
        ],
        className="chooser",
    )


def _columns() -> Component:
    """In two columns; on a narrow screen one below the other, see ``order`` in the style sheet."""
    left, right = [_photo(), _mesh()], [_expression(), _light()]
    return html.Div(
        [html.Div(cards, className="column") for cards in (left, right)], className="columns"
    )


def _photo() -> Component:
    return html.Section(
        [
            html.H2("Faces"),
            html.Img(id="picture", alt="the photo with boxes, landmarks and axes of its faces"),
            dcc.Checklist([{"label": "draw the mesh", "value": "mesh"}], [], id="drawn"),
        ],
        id="photo-card",
    )


def _expression() -> Component:
    return html.Section(
        [
            html.H2("Expression"),
            dcc.RadioItems([], id="number", inline=True),
            html.Div(id="bars", role="group", **_BARS),
            html.H3("Branches of the network"),
            dcc.Checklist([], [], id="branches", inline=True),
            html.P(id="branches-note", className="quiet"),
            html.H3("Aligned, and relit from the front"),
            html.Div(
                [
                    _figure("aligned", "aligned face"),
                    _figure("shading", "shading image, lit from the front"),
                ],
                className="row",
            ),
            html.P(id="facts", className="quiet"),
        ],
        id="expression-card",
    )


def _figure(name: str, caption: str) -> Component:
    return html.Figure([html.Img(id=name, alt=caption), html.Figcaption(caption)])


def _mesh() -> Component:
    return html.Section(
        [
            html.H2("The face in 3D"),
            html.Div(dcc.Graph(id="mesh", config=MESH_CONFIG, responsive=True), className="mesh"),
            html.P("Drag the face to turn it; the light turns with it.", className="quiet"),
        ],
        id="mesh-card",
    )


def _light() -> Component:
    return html.Section(
        [
            html.H2("Light"),
            html.Img(id="relit", alt="the face turned to the front under this light"),
            html.Span("from the side, degrees"),
            _slider("azimuth", AZIMUTH, {-90: "left", 0: "front", 90: "right"}),
            html.Span("from below or above, degrees"),
            _slider("elevation", ELEVATION, {-80: "below", 0: "front", 80: "above"}),
            html.P(
                "Parts that the photo hides are black here. A network with a shading image "
                "always gets the light from the front, whatever is set here.",
                className="quiet",
            ),
        ],
        id="light-card",
    )


def _slider(name: str, limit: int, marks: dict[int, str]) -> Component:
    return dcc.Slider(
        -limit, limit, 1, value=0, marks=marks, id=name, updatemode="drag", included=False
    )
