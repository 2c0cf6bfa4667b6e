"""The documentation site: built strictly, complete, and without anything from the network."""

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from fer3d.params import Params

CLOSED = "http://127.0.0.1:9"  # a proxy that refuses every connection


@pytest.fixture(scope="module")
def site(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a broken link, anchor or reference is an error."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", out]
    closed = dict.fromkeys(("http_proxy", "https_proxy"), CLOSED) | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=repository, env=os.environ | closed, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return out


def words(page: Path) -> str:
    """The text of a page, with single blanks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8"))).split())


@pytest.mark.slow
def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    loaded = (
        r"""(?:<(?:script|img|iframe|source)\b[^>]*\ssrc|<link\b[^>]*\shref)=["']?(?:\w+:)?//"""
    )
    for page in pages:
        assert not re.search(loaded, page.read_text(encoding="utf-8")), page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import\s+)[\"']?(?:\w+:)?//", sheet.read_text()), sheet


@pytest.mark.slow
def test_every_parameter_has_a_row(site: Path) -> None:
    page = (site / "site" / "parameters.html").read_text(encoding="utf-8")
    for name, section in Params.model_fields.items():
        table = re.search(rf'(?s)<h2 id="{name}">.*?</table>', page)[0]
        rows = re.findall(r"<tr>\s*<td><code>(\w+)</code></td>", table)
        assert rows == list(section.annotation.model_fields)
    row = "size 100 integer side of an aligned image, px, 32 .. 1024"
    assert row in words(site / "site" / "parameters.html")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("index.html", "make demo # set-up, then the whole pipeline"),
        ("your-images.html", "A data set is a folder of class folders"),
        ("sharing.html", "dvc push --run-cache"),
        ("site/api.html", "a file cannot be read as an image"),
        ("site/api.html", "positive: the subject turns to their own left"),
        ("site/citation.html", "cff-version"),
        ("frames.html", "the origin is the top left corner of the top left pixel"),
    ],
)
def test_pages_take_their_text_from_where_it_stands(site: Path, page: str, text: str) -> None:
    assert text.lower() in words(site / page).lower()


@pytest.mark.slow
def test_links_of_the_readme_lead_to_pages_of_the_site(site: Path) -> None:
    page = (site / "your-images.html").read_text(encoding="utf-8")
    assert 'href="data-sets.html"' in page and 'href="results.html"' in page
    assert 'href="your-images.html"' in (site / "index.html").read_text()
