"""The results of the experiments as an HTML page."""

import re

import numpy as np
import pytest

from fer3d.experiments.cells import Configuration
from fer3d.experiments.formats import ResultTable, Value
from fer3d.experiments.html_page import bars_table, html_page
from fer3d.experiments.results import CellResults, Score
from fer3d.experiments.statistics import Interval, Spread

BASE = Configuration("recommended", "base", "focal")
WHOLE = Configuration("recommended", "whole", "focal")
SCORE = Score(Spread(0.5, 0.02), Interval(0.4, 0.6))


@pytest.fixture
def results() -> CellResults:
    ids = np.array(["a", "b"])
    predicted = {setup: np.zeros((3, 2), int) for setup in (BASE, WHOLE)}
    return CellResults(("joy", "fear"), ids, np.zeros(2, int), 1, (0, 1, 2), predicted, ids)


def test_bars_have_intervals() -> None:
    table = bars_table({BASE: (SCORE, SCORE), WHOLE: (SCORE, SCORE)})
    assert [title for title, _ in table.rows] == ["Base, focal", "Whole, focal"]
    cell = table.rows[0][1][0]
    assert (cell.text, cell.note) == ("50.00 ± 2.00", "(40.00 to 60.00)")
    assert (cell.share, cell.ends) == (0.5, (0.4, 0.6))


def test_presets_are_named_if_there_are_several() -> None:
    paper = Configuration("paper", "base", "focal")
    titles = [title for title, _ in bars_table({BASE: (SCORE,), paper: (SCORE,)}).rows]
    assert titles == ["Base, focal (recommended)", "Base, focal (paper)"]


def test_the_page_has_every_table_and_each_note_once(results: CellResults) -> None:
    notes = ["Same images.", "<b> is escaped."]
    tables = [
        ResultTable("one", "First", "Caption.", ("Model", "Acc"), [["Base", Value(0.5)]], notes),
        ResultTable("two", "Second", "Caption.", ("Model", "n"), [["Base", 1234]], notes),
    ]
    page = html_page(results, {BASE: (SCORE, SCORE)}, tables)
    assert page == html_page(results, {BASE: (SCORE, SCORE)}, tables)
    assert "2 test images, one test set, seeds 0, 1, 2." in page
    assert page.count("Same images.") == page.count("&lt;b&gt; is escaped.") == 1
    assert re.findall(r'<section id="(\w+)">', page) == ["accuracy", "one", "two"]
    assert "<td>50.00 ± –</td>" in page and "<td>1,234</td>" in page  # noqa: RUF001
