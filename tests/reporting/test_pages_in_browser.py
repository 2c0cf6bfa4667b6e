"""Both pages in headless Chromium, where it is installed: sorting, filtering, print, axe-core."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browsers import chromium_browser

from fer3d.reporting.data_page import data_page
from fer3d.reporting.data_set import DataSources, describe
from fer3d.reporting.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.slow

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
PAGES = ("report/report.html", "data_report/data.html")
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
COUNT_CLOSED = """addEventListener('beforeprint', () => {
  window.closed_parts = document.querySelectorAll('details:not([open])').length;
})"""
OPEN_ALL = "document.querySelectorAll('details').forEach((part) => { part.open = true; })"


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium_browser() as started:
        yield started


@pytest.fixture
def pages(inputs: dict, triangles: np.ndarray, data_sources: DataSources, tmp_path: Path) -> Path:
    """Folder of both pages."""
    report(triangles=triangles, out=tmp_path / "report", **inputs)
    values = describe(data_sources)
    data_page(values, data_sources, tmp_path, tmp_path / "data_report", inputs["params"])
    return tmp_path


@pytest.fixture
def desktop(browser: "Browser", pages: Path) -> "Iterator[Page]":
    """The report on a desktop."""
    context = browser.new_context(viewport=DESKTOP)
    yield _open(context, pages / PAGES[0])
    context.close()


def _open(context: "BrowserContext", file: Path) -> "Page":
    page = context.new_page()
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("file", PAGES)
def test_no_request_no_error_no_violation(
    browser: "Browser", pages: Path, file: str, scheme: str, viewport: dict
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    page, requests, errors = context.new_page(), [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    address = (pages / file).as_uri()
    page.goto(address)
    page.evaluate(OPEN_ALL)
    assert [url for url in requests if not url.startswith("data:")] == [address]
    assert errors == []
    assert page.evaluate(OVERFLOW) == 0  # wide tables scroll in their own boxes
    violations = axe.Axe().run(page).response["violations"]
    assert [(found["id"], found["nodes"][0]["html"]) for found in violations] == []
    context.close()


def test_a_table_is_sorted_with_the_keyboard(desktop: "Page") -> None:
    table = desktop.locator("table[aria-label='Scores by class, test']")
    heading = table.locator("thead th").nth(4)

    def images() -> list[float]:
        return [float(text) for text in table.locator("tbody td:nth-child(5)").all_inner_texts()]

    before = images()
    heading.locator("button").focus()
    for direction, expected in (
        ("ascending", sorted(before)),
        ("descending", sorted(before, reverse=True)),
    ):
        desktop.keyboard.press("Enter")
        assert heading.get_attribute("aria-sort") == direction
        assert images() == expected
    table.locator("thead button").first.press("Space")
    assert heading.get_attribute("aria-sort") == "none"
    assert table.locator("tbody th").all_inner_texts() == ["anger", "fear", "joy & <tears>"]


def test_photos_are_filtered_by_class_and_result(desktop: "Page") -> None:
    cards, shown = desktop.locator(".photo"), desktop.locator(".photo:visible")
    total = cards.count()
    desktop.get_by_label("Class", exact=True).select_option("fear")
    of_class = shown.count()
    assert 0 < of_class < total
    assert desktop.locator("output").inner_text() == f"{of_class} of {total}"
    desktop.get_by_label("Result", exact=True).select_option("no 3D face")
    assert shown.count() == 1
    assert "no 3D face" in shown.inner_text()
    assert desktop.locator(".photos:visible").count() == 1  # empty groups are hidden
    desktop.get_by_role("button", name="Show all").click()
    desktop.get_by_text(f"{total} of {total}").wait_for()
    assert shown.count() == total


def test_print_is_light_whole_and_without_controls(browser: "Browser", pages: Path) -> None:
    context = browser.new_context(viewport=DESKTOP, color_scheme="dark")
    page = _open(context, pages / PAGES[0])
    page.emulate_media(media="print", color_scheme="dark")
    white = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(white) == "rgb(255, 255, 255)"
    assert not page.locator(".filter").is_visible() and not page.locator("nav").is_visible()
    page.evaluate(COUNT_CLOSED)
    assert page.pdf().startswith(b"%PDF")
    assert page.evaluate("window.closed_parts") == 0
    assert page.locator("details[open]").count() == 0  # closed again afterwards
    context.close()


def test_without_scripts_everything_is_shown(browser: "Browser", pages: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = _open(context, pages / PAGES[0])
    assert page.locator(".photo:visible").count() == page.locator(".photo").count() > 0
    assert not page.locator(".filter").is_visible()
    assert page.locator("th button").count() == 0
    context.close()
