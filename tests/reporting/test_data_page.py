"""The page about the data set."""

from pathlib import Path

import numpy as np
import pytest
from pngs import write_png

from fer3d.files import manifest
from fer3d.reporting.data_page import LABELS, SPLITS, data_page, near_gallery
from fer3d.reporting.data_set import describe
from fer3d.reporting.params import ReportParams


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    """The source images but one."""
    for i, name in enumerate("abc"):
        write_png(tmp_path / f"originals/{name}.png", np.full((20, 30, 3), 50 * i, np.uint8))
    return tmp_path / "originals"


@pytest.mark.parametrize("pictures", [True, False])
def test_the_page_shows_near_copies_if_wanted(data_sources, originals, tmp_path, pictures):
    params = ReportParams(samples_per_class=1, pictures=pictures)
    for name in ("one", "two"):
        data_page(describe(data_sources), data_sources, originals, tmp_path / name, params)
    page = (tmp_path / "one/data.html").read_text()
    assert page == (tmp_path / "two/data.html").read_text()
    assert page.count("<img") == 4 * pictures
    assert "a.png, b.png" in page
    assert "exact duplicate" in page
    assert "Held-out images with a copy in the official training split" in page
    assert page.count("<table") == page.count("</table>") == 12


def test_groups_in_several_splits_come_first(data_sources, originals):
    near = manifest.read(data_sources.cleaned / "near.parquet")
    near = near.assign(near_group=near["near_group"].replace("a", "z"))  # last in the alphabet
    gallery = near_gallery(near, originals, pictures=True)
    first, second = gallery.groups[0].cards
    assert (first.title, first.kinds) == ("fear, train | fear, test", [SPLITS])
    assert [picture.title for picture in first.pictures] == ["a.png", "b.png"]
    assert second.title == "joy"
    assert gallery.labels == ["fear", "joy"]
    assert near_gallery(near.iloc[:0], originals, pictures=True).groups == []


def test_a_group_with_several_labels_can_be_found(data_sources, originals):
    near = manifest.read(data_sources.cleaned / "near.parquet")
    near.loc[near["id"] == "e", "label"] = "fear"
    (group,) = near_gallery(near, originals, pictures=False).groups
    card = next(card for card in group.cards if LABELS in card.kinds)
    assert card.labels == ["joy", "fear"] and not card.pictures
