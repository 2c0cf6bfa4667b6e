"""The page in headless Chromium; skipped where it is not installed."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from browsers import chromium_browser
from pngs import write_png

from fer3d.app.server import listen, make_app, warm_up

FLAGS = [
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",  # WebGL without a GPU
    "--enable-unsafe-swiftshader",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PATIENCE = 120_000  # ms, on a busy machine without a GPU
WIDTHS = {"desktop": 1200, "phone": 390}  # px

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(boxed) -> Iterator[str]:
    server = listen(make_app(boxed, "recognizer: fer2013"), "127.0.0.1", 0)
    warm_up(boxed)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    with chromium_browser(FLAGS) as browser:
        yield browser


@pytest.fixture(params=WIDTHS)
def page(chromium, address, request) -> Iterator[object]:
    """The page at a width; errors in its console and requests to elsewhere fail the test."""
    opened = chromium.new_page(viewport={"width": WIDTHS[request.param], "height": 850})
    opened.set_default_timeout(PATIENCE)
    problems: list[str] = []
    opened.on("console", lambda line: line.type == "error" and problems.append(line.text))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("request", lambda asked: problems.append(asked.url) if abroad(asked.url) else None)
    opened.goto(address)
    yield opened
    opened.close()
    assert not problems


def abroad(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "data:", "blob:"))


@pytest.fixture(scope="module")
def files(couple, grey, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("photos")
    write_png(folder / "couple.png", couple)
    write_png(folder / "empty.png", grey)
    (folder / "notes.txt").write_text("no photo")
    return {path.stem: path for path in folder.iterdir()}


def source(page, name: str) -> str:
    return page.get_attribute(f"#{name}", "src") or ""


def until(page, condition: str, before: str = "") -> None:
    """Wait for a condition in JavaScript; ``before`` is a value that it knows."""
    page.wait_for_function(f"before => {condition}", arg=before)


def test_a_photo_is_classified_and_relit(page, files, found) -> None:
    page.set_input_files("#upload input", files["couple"])
    page.wait_for_selector("#bars .bar")
    best = found[0].expression
    assert best in page.inner_text("#bars .best")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.wait_for_selector("#mesh .gl-container canvas")
    assert page.evaluate(
        "[...document.querySelectorAll('input')].every(one => one.labels.length || one.ariaLabel)"
    )
    front, bars = source(page, "relit"), page.inner_text("#bars")
    page.focus("#azimuth [role=slider]")
    page.keyboard.press("PageUp")
    until(page, "document.querySelector('#relit').src !== before", front)
    page.click("#branches >> text=3D vertices")
    until(page, "document.querySelector('#bars').innerText !== before", bars)
    boxes = source(page, "picture")
    page.click("text=draw the mesh")
    until(page, "document.querySelector('#picture').src !== before", boxes)
    assert not page.is_checked("#branches >> text=3D vertices")
    seen = source(page, "aligned")
    page.click("text=face 2")
    until(page, "document.querySelector('#aligned').src !== before", seen)


def test_other_files_get_a_message_and_the_next_photo_an_answer(page, files) -> None:
    for name, message in (("notes", "not a photo"), ("empty", "No face was found")):
        page.set_input_files("#upload input", files[name])
        until(page, "document.querySelector('#message').innerText.includes(before)", message)
        assert page.is_hidden("#bars")
    page.set_input_files("#upload input", files["couple"])
    page.wait_for_selector("#bars .bar")
    assert page.inner_text("#message") == ""


def test_the_camera_gives_a_photo(page) -> None:
    page.click("text=Use the camera")
    until(page, "document.querySelector('#camera-video').videoWidth > 0")
    page.click("text=Take it")
    until(page, "document.querySelector('#message').innerText.includes(before)", "No face")
    assert page.is_hidden("#camera-video") and page.is_visible("text=Use the camera")
