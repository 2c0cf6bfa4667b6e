"""The server of the page, for this machine alone unless another address is asked for."""

import logging
import os
import socket
import sys
import traceback
from importlib import resources
from urllib.parse import urlsplit

from dash import Dash, set_props
from flask import Response, abort, current_app, request
from werkzeug.serving import BaseWSGIServer, make_server

from fer3d.app.callbacks import Callbacks, connect
from fer3d.app.layout import page
from fer3d.app.photo import MAX_BYTES
from fer3d.errors import UserError
from fer3d.inference.recognize import Predictor

LOCAL = "FER3D_LOCAL"  # whether only requests to a name in LOOPBACK are answered
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_REQUEST_BYTES = 2 * MAX_BYTES  # a photo is a third larger as text; a request has the answer, too
_POLICY = (  # nothing is loaded from, or sent to, another server; Plotly compiles its shaders' code
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
)
_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}{%config%}{%scripts%}{%renderer%}</body>
</html>"""


def make_app(predictor: Predictor, recognizer: str) -> Dash:
    """The page as a Dash application.

    Args:
        predictor: the recognizer.
        recognizer: a line about it.
    """
    app = Dash(
        __name__,
        title="fer3d",
        update_title="",
        assets_folder=str(resources.files("fer3d.app") / "assets"),
        index_string=_INDEX,
        on_error=_told,
        add_log_handler=False,
    )
    app.layout = page(recognizer)
    app.server.config["MAX_CONTENT_LENGTH"] = _REQUEST_BYTES
    app.server.config[LOCAL] = True
    app.server.before_request(_check_host)
    app.server.after_request(_guarded)
    connect(app, Callbacks(predictor))
    return app


def listen(app: Dash, host: str, port: int) -> BaseWSGIServer:
    """A server of the page; ``serve_forever`` runs it.

    On a loopback address it answers only requests that name one, so that no other web page can
    reach it through a name of its own.

    Args:
        app: see ``make_app``.
        host: address to listen on.
        port: port to listen on; 0: any that is free.

    Raises:
        UserError: the address cannot be used.
    """
    app.server.config[LOCAL] = host in LOOPBACK
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        place = socket.create_server((host, port), family=family)
    except OSError as error:  # its own text repeats the address, in some versions of Python
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise UserError(f"{host}, port {port}: {reason}; name another with --port") from None
    with place:  # the server has a copy
        return make_server(host, port, app.server, threaded=True, fd=place.fileno())


def warm_up(predictor: Predictor) -> None:
    """Load the networks, so that the first photo does not wait for them."""
    import numpy as np

    predictor.central_face(np.full((64, 64, 3), 128, np.uint8))


def _check_host() -> None:
    """Refuse a request under another name than this machine's, if the page is for it alone.

    Flask's own setting for this exists since its version 3.1, and cannot name ``[::1]``.
    """
    if not current_app.config[LOCAL]:
        return
    try:
        name = urlsplit(f"//{request.host}").hostname
    except ValueError:
        name = None
    if name not in LOOPBACK:
        abort(400)


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _told(error: Exception) -> None:
    """An error in fer3d: a traceback in the terminal, a line on the page."""
    traceback.print_exception(error, file=sys.stderr)
    set_props("message", {"children": "Something went wrong; the terminal says more."})
