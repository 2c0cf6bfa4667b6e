"""Pictures of samples."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fer3d.files.packed import read_manifest
from fer3d.reporting.samples import (
    SampleSources,
    StageImages,
    choose_rows,
    draw_mesh,
    evenly,
    overview_sheet,
)


def test_only_found_faces_outside_the_test_split_are_shown(sources: SampleSources) -> None:
    frame = read_manifest(sources.faces)
    few, many = choose_rows(frame, 3), choose_rows(frame, 5)
    for name, rows in few.items():
        assert (frame["label"].iloc[rows] == name).all()
        assert (frame["split"].iloc[rows] == "validation").all()
    for rows in many.values():
        chosen = frame.iloc[rows]
        assert len(rows) == 5
        assert not (chosen["split"] == "test").any()
        assert chosen["reconstructed"].all()
        assert chosen["aligned"].all()
        assert (chosen["noise"] == "").all()


def test_a_class_without_a_face_that_was_found_is_left_out(sources: SampleSources) -> None:
    frame = read_manifest(sources.faces)
    frame.loc[frame["label"] == "fear", "reconstructed"] = False
    assert sorted(choose_rows(frame, 3)) == ["anger", "joy & <tears>"]


def test_the_overview_has_a_column_a_class(sources: SampleSources, triangles: np.ndarray) -> None:
    overview = overview_sheet(StageImages(sources, triangles))
    assert overview.shape[0] == 22 + 4 * 124 + 4
    assert overview.shape[1] > 3 * 124


def test_a_row_without_a_3d_face_has_no_mesh(sources: SampleSources, triangles: np.ndarray) -> None:
    images = StageImages(sources, triangles)
    assert list(images.of(0)) == ["original", "aligned"]
    assert list(images.of(3)) == ["original", "aligned", "mesh", "shading"]


def test_sources_that_have_gone_leave_a_blank(
    sources: SampleSources, triangles: np.ndarray
) -> None:
    gone = StageImages(replace(sources, originals=Path("nowhere")), triangles)
    assert (gone.of(3)["original"] == 255).all()


def test_rows_are_spread_evenly() -> None:
    assert evenly(np.arange(9), 3).tolist() == [0, 4, 8]
    assert evenly(np.array([7]), 3).tolist() == [7]


def test_a_mesh_is_drawn_where_its_vertices_are() -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    square = np.float32([[4, 4, 0], [16, 4, 0], [16, 16, 0], [4, 16, 0]])
    drawn = draw_mesh(image, square, np.zeros((0, 2), np.float32), np.array([[0, 1, 2], [0, 2, 3]]))
    rows, columns = np.nonzero(drawn.any(axis=2))
    assert drawn.shape == (60, 60, 3)
    assert abs(rows.min() - 12) <= 1
    assert abs(columns.max() - 48) <= 1
    assert not image.any()
