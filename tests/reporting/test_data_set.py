"""The data set in numbers, and the page about it."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from fer3d.files import manifest
from fer3d.files.images import write_png
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Spec
from fer3d.reporting.data_page import data_page, near_sheet
from fer3d.reporting.data_set import DataSources, describe, image_statistics
from fer3d.reporting.params import ReportParams

SIZE = 16  # px


def rows(*values: tuple, columns: str) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=columns.split())
    return frame.assign(path=frame["id"] + ".png", sha1=frame["id"], width=30, height=20)


@pytest.fixture
def sources(tmp_path: Path) -> DataSources:
    """Six images, of which three were lost; one of the others has a noisy copy."""
    images = [("a", "fear"), ("b", "fear"), ("c", "joy"), ("d", "joy")]
    manifest.write(rows(*images, columns="id label"), tmp_path / "ingest/manifest.parquet")
    rejected = rows(("x", "joy", "corrupt"), ("y", "", "no_label"), columns="id label reason")
    manifest.write(rejected, tmp_path / "ingest/rejected.parquet")
    manifest.write(rows(*images[:3], columns="id label"), tmp_path / "clean/manifest.parquet")
    dropped = rows(("d", "joy", "exact_duplicate"), columns="id label reason")
    manifest.write(dropped, tmp_path / "clean/dropped.parquet")
    near = rows(
        ("a", "fear", "train", "a", ""),
        ("b", "fear", "test", "a", ""),
        ("c", "joy", None, "c", ""),
        ("e", "joy", None, "c", "near_duplicate"),
        columns="id label split near_group reason",
    )
    manifest.write(near, tmp_path / "clean/near.parquet")
    faces = rows(
        ("a", "fear", "train", "", "a", True, True, -20.0),
        ("a#poisson", "fear", "train", "poisson", "a", True, True, -20.0),
        ("b", "fear", "test", "", "b", True, True, 95.0),
        ("c", "joy", "train", "", "c", False, False, 0.0),
        columns="id label split noise source_id aligned reconstructed yaw",
    )
    pictures = np.full((4, SIZE, SIZE, 3), 100, np.uint8)
    pictures[1] = 0  # has noise: not looked at
    specs = {"images": Spec((SIZE, SIZE, 3), "uint8")}
    for folder in ("images", "faces"):
        with PackedWriter(tmp_path / folder, 4, specs) as packed:
            packed.write(0, {"images": pictures})
            packed.finish(faces)
    return DataSources(*(tmp_path / name for name in ("ingest", "clean", "images", "faces")))


def test_images_are_counted_after_each_stage_and_by_reason(sources):
    values = describe(sources)
    assert values["images_by_step"]["fear"] == {
        "ingested": 2,
        "without_copies": 2,
        "train": 1,
        "test": 1,
        "faces_found": 2,
        "reconstructed": 2,
        "rows_after_balancing": 3,
    }
    assert list(values["images_by_step"]["all"].values()) == [4, 3, 2, 1, 2, 2, 4]
    assert values["lost_by_reason"] == {
        "corrupt": {"joy": 1, "no label": 0, "all": 1},
        "exact_duplicate": {"joy": 1, "no label": 0, "all": 1},
        "no_label": {"joy": 0, "no label": 1, "all": 1},
        "all": {"joy": 2, "no label": 1, "all": 3},
    }


def test_faces_poses_sizes_and_near_copies(sources):
    values = describe(sources)
    assert values["not_found"]["train"]["joy"] == {
        "images": 1,
        "not_aligned": 1,
        "not_reconstructed": 1,
        "not_reconstructed_percent": 100.0,
    }
    assert values["not_found"]["test"]["all"]["not_reconstructed_percent"] == 0.0
    assert values["absolute_yaw_deg"]["train"] == {
        "0-15": 0,
        "15-30": 1,
        "30-45": 0,
        "45-60": 0,
        "60-90": 0,
    }
    assert values["absolute_yaw_deg"]["test"]["60-90"] == 1
    assert values["shorter_side_px"]["test"]["median"] == 20
    assert values["brightness"]["fear"]["5 %"] == 100  # the noisy copy is black
    assert values["near_copies"] == {
        "groups": 2,
        "images": 4,
        "groups_in_several_splits": 1,
        "groups_with_several_labels": 0,
        "dropped": 1,
    }


def test_light_and_sharpness_of_known_images():
    rng = np.random.default_rng(0)
    half = np.full((SIZE, SIZE, 3), 50, np.uint8)
    half[:, : SIZE // 2] = 150
    noisy = rng.integers(0, 256, half.shape).astype(np.uint8)
    blurred = cv2.GaussianBlur(noisy, (0, 0), 2)
    grey = np.full_like(half, 70)
    images = np.stack([grey, half, np.ascontiguousarray(half[:, ::-1]), noisy, blurred, 0 * half])
    found = image_statistics(images, np.arange(6))
    np.testing.assert_allclose(found["brightness"][[0, 1, 2, 5]], [70, 100, 100, 0])
    np.testing.assert_allclose(found["contrast"][[0, 1, 5]], [0, 50, 0])
    np.testing.assert_allclose(found["light_from_left"][[0, 1, 2, 5]], [0, 0.5, -0.5, 0])
    assert found["sharpness"][0] == 0 and found["sharpness"][3] > 10 * found["sharpness"][4]
    assert all(len(values) == 0 for values in image_statistics(images, []).values())


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    """The source images but one."""
    for i, name in enumerate("abc"):
        write_png(tmp_path / f"originals/{name}.png", np.full((20, 30, 3), 50 * i, np.uint8))
    return tmp_path / "originals"


@pytest.mark.parametrize("pictures", [True, False])
def test_the_page_shows_near_copies_if_wanted(sources, originals, tmp_path, pictures):
    params = ReportParams(samples_per_class=1, pictures=pictures)
    for name in ("one", "two"):
        data_page(describe(sources), sources, originals, tmp_path / name, params)
    page = (tmp_path / "one/data.html").read_text()
    assert page == (tmp_path / "two/data.html").read_text()
    assert page.count("data:image/png") == pictures
    assert "exact_duplicate" in page or "exact duplicate" in page
    assert page.count("<table>") == page.count("</table>") == 11


def test_groups_in_several_splits_come_first(sources, originals):
    near = manifest.read(sources.cleaned / "near.parquet")
    near = near.assign(near_group=near["near_group"].replace("a", "z"))  # last in the alphabet
    sheet = near_sheet(near, originals)
    first = sheet[4 + 48, -2 * 100 + 20]  # the first image of the first row: black
    assert first.tolist() == [0, 0, 0]
    assert near_sheet(near.iloc[:0], originals) is None
