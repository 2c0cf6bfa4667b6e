"""The report page."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from fer3d.errors import UserError
from fer3d.reporting.params import ReportParams
from fer3d.reporting.report import report


class _Parser(HTMLParser):
    """Checks that tags are closed; collects addresses and pictures."""

    VOID = ("meta", "img", "line", "link", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        self.pictures += [value or "" for name, value in attrs if (tag, name) == ("img", "alt")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_without_pictures_no_face_is_shown(
    inputs: dict, triangles: np.ndarray, tmp_path: Path
) -> None:
    hidden = inputs | {"params": ReportParams(samples_per_class=3, pictures=False)}
    report(triangles=triangles, out=tmp_path / "out", **hidden)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "data:image" not in page and "<img" not in page
    assert "Samples" not in page
    assert "Worst mistakes" in page and "taken for" in page


def test_the_page_is_whole_and_needs_nothing_else(
    inputs: dict, triangles: np.ndarray, tmp_path: Path
) -> None:
    report(triangles=triangles, out=tmp_path / "out", **inputs)
    page = (tmp_path / "out" / "report.html").read_text()
    parser = _Parser()
    parser.feed(page)
    assert parser.open == []
    inside = ("#", "data:image/webp;base64,")
    assert all(link.startswith(inside) for link in parser.links if link != "data:,")
    assert any(alt.startswith("shading: ") for alt in parser.pictures)
    assert all(": " in alt for alt in parser.pictures)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "joy &amp; &lt;tears&gt;" in page
    assert '<th scope="row">0-15°</th><td>2</td><td>2.75</td>' in page
    assert '<th scope="row">test, with a 3D face</th>' in page
    assert "<tears>" not in page
    assert not re.search(r"\bnan\b|>None<|Undefined", page)


def test_two_reports_have_equal_bytes(inputs: dict, triangles: np.ndarray, tmp_path: Path) -> None:
    for name in ("one", "two"):
        report(triangles=triangles, out=tmp_path / name, **inputs)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert [file.name for file in files] == ["overview.png", "report.html"]
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_missing_input_says_what_to_run(
    inputs: dict, triangles: np.ndarray, tmp_path: Path
) -> None:
    (inputs["files"].metrics / "ingest.json").unlink()
    with pytest.raises(UserError, match=r"ingest\.json is missing: run `dvc repro`"):
        report(triangles=triangles, out=tmp_path / "out", **inputs)
