"""The face in 3D as a figure of Plotly, which the mouse turns."""

from base64 import b64encode

import numpy as np
import plotly.graph_objects as go

BLACK_TO_WHITE = [[0.0, "rgb(8,8,10)"], [1.0, "rgb(255,255,255)"]]
VIEW = {  # from the front, slightly from the side so that the depth is seen
    "eye": {"x": 0.6, "y": 0.15, "z": 1.9},
    "up": {"x": 0, "y": 1, "z": 0},
    "center": {"x": 0, "y": 0, "z": 0},
}
UNLIT = {"ambient": 1.0, "diffuse": 0.0, "specular": 0.0, "fresnel": 0.0}  # shaded by fer3d alone


def mesh_figure(points: np.ndarray, triangles: np.ndarray, intensities: np.ndarray) -> go.Figure:
    """A face in 3D with a grey value for each point.

    Args:
        points: (D, 3) float, cm, face frame.
        triangles: (T, 3) integer.
        intensities: (D,) uint8, see ``RelitFace``.
    """
    x, y, z = points.astype(np.float32).T
    i, j, k = triangles.astype(np.int32).T
    mesh = go.Mesh3d(
        **{"x": x, "y": y, "z": z, "i": i, "j": j, "k": k},
        intensity=intensities,
        cmin=0,
        cmax=255,
        colorscale=BLACK_TO_WHITE,
        showscale=False,
        hoverinfo="skip",
        lighting=UNLIT,
    )
    hidden = {"visible": False}
    scene = {"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "camera": VIEW}
    layout = {"scene": scene | {"aspectmode": "data", "dragmode": "orbit"}, "uirevision": "view"}
    clear = "rgba(0,0,0,0)"
    margin = dict.fromkeys("lrtb", 0)
    return go.Figure(mesh, layout | {"margin": margin, "paper_bgcolor": clear})


def typed_array(values: np.ndarray) -> dict[str, str]:
    """A uint8 array as Plotly's JSON for typed arrays, for a part of a figure."""
    return {"dtype": "u1", "bdata": b64encode(values.astype("u1").tobytes()).decode()}
