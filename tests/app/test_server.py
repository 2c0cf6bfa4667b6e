"""The server of the page: who is answered, and what may be loaded."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fer3d.app.server import listen, make_app
from fer3d.cli import typer_app
from fer3d.errors import UserError

JSON = "application/json"


@pytest.fixture
def app(boxed):
    return make_app(boxed, "recognizer: fer2013")


def test_it_listens_on_a_free_port_of_this_machine(app) -> None:
    server = listen(app, "127.0.0.1", 0)
    try:
        assert server.port > 0
        with pytest.raises(UserError, match=f"port {server.port}: Address already in use"):
            listen(app, "127.0.0.1", server.port)
    finally:
        server.server_close()
    listen(app, "127.0.0.1", server.port).server_close()  # it is free again


def test_an_address_of_another_machine_is_an_error(app) -> None:
    with pytest.raises(UserError, match=r"192\.0\.2\.1, port 0: "):
        listen(app, "192.0.2.1", 0)


def test_a_loopback_server_answers_no_other_name(app) -> None:
    listen(app, "127.0.0.1", 0).server_close()
    browser = app.server.test_client()
    assert browser.get("/", headers={"Host": "localhost:8050"}).status_code == 200
    assert browser.get("/", headers={"Host": "127.0.0.1:8050"}).status_code == 200
    assert browser.get("/", headers={"Host": "[::1]:8050"}).status_code == 200
    for other in ("example.org", "localhost.example.org:8050", "[::2]:8050", "[", "127.0.0.2"):
        assert browser.get("/", headers={"Host": other}).status_code == 400
    listen(app, "0.0.0.0", 0).server_close()
    assert browser.get("/", headers={"Host": "example.org"}).status_code == 200


def test_the_page_forbids_itself_to_load_from_elsewhere(app) -> None:
    got = app.server.test_client().get("/")
    assert got.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert b'lang="en"' in got.data and b'src="http' not in got.data


def test_a_request_that_is_too_large_is_refused(app) -> None:
    browser = app.server.test_client()
    got = browser.post("/_dash-update-component", data=bytes(41_000_000), content_type=JSON)
    assert got.status_code == 413


def test_help_of_the_command_loads_no_server(repository: Path) -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from fer3d.cli import typer_app;"
        "assert CliRunner().invoke(typer_app, ['app', '--help']).exit_code == 0;"
        "print([name for name in ('dash', 'flask', 'torch', 'plotly') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_without_the_extra_the_command_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "dash", None)
    for name in [name for name in sys.modules if name.startswith("fer3d.app.")]:
        monkeypatch.delitem(sys.modules, name)
    got = CliRunner().invoke(typer_app, ["app"])
    assert isinstance(got.exception, UserError)
    assert str(got.exception) == "the page needs dash: pip install 'fer3d[app]'"
