"""From predictions to files."""

import re
from pathlib import Path

import pandas as pd
import pytest

from fer3d.errors import UserError
from fer3d.evaluation.predictions import write_predictions
from fer3d.experiments.groups import groups_of
from fer3d.experiments.matrix import matrix
from fer3d.experiments.write import write_tables
from fer3d.files.packed import read_manifest
from fer3d.presets.configs import NETWORKS


def predict(frame: pd.DataFrame, wrong: int) -> pd.DataFrame:
    """Test images, the first of them wrong."""
    test = frame[frame["split"] == "test"][["id", "split", "label"]].reset_index(drop=True)
    predicted = test["label"].where(test.index >= wrong, "fear")
    return test.assign(predicted=predicted)


@pytest.fixture
def inputs(tmp_path: Path, make_params, write_set) -> dict:
    data = tmp_path / "data"
    write_set(data)
    params = make_params(experiments={"losses": ["cross_entropy", "focal"]})
    frame = read_manifest(data / "balance")
    for cell in matrix(params):
        wrong = 12 if cell.configuration.branches == "base" else 8 + cell.seed
        write_predictions(predict(frame, wrong), tmp_path / cell.name / "predictions.parquet")
    folders = {"images": data / "balance", "faces": data / "reconstruct"}
    return {"params": params, "cells": tmp_path, **folders}


def test_all_files_are_written_and_twice_the_same(tmp_path: Path, inputs: dict) -> None:
    metrics = [write_tables(**inputs, out=tmp_path / name) for name in ("one", "two")]
    assert metrics[0] == metrics[1]
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    tables = {Path(name).stem for name in files if name.endswith(".tex")}
    assert {"table2", "table6", "table4-published", "mcnemar", "differences"} <= tables
    assert {"groups-recommended-focal", "claims-recommended-focal"} <= tables
    assert "table4-recommended-focal" in tables
    assert {f"{name}.csv" for name in tables} <= set(files)
    assert {"tables.md", "experiments.html", "accuracy.png", "yaw.png"} <= set(files)
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_figures_have_a_marker_for_every_preset(
    tmp_path: Path, inputs: dict, make_params
) -> None:
    presets = list(NETWORKS)
    params = make_params(experiments={"presets": presets, "seeds": [0]})
    for cell in matrix(params):
        frame = predict(read_manifest(inputs["images"]), 9)
        write_predictions(frame, tmp_path / cell.name / "predictions.parquet")
    metrics = write_tables(**inputs | {"params": params}, out=tmp_path / "out")
    assert set(metrics) == set(presets)


def test_the_page_explains_itself_once(tmp_path: Path, inputs: dict) -> None:
    write_tables(**inputs, out=tmp_path / "out")
    page = (tmp_path / "out" / "tables.md").read_text()
    assert page.startswith("# Experiments\n\n24 test images, one test set, seeds 0, 1.")
    assert page.count("If an interval contains 0") == 1
    titles = re.findall("^## .*$", page, re.MULTILINE)
    assert len(titles) == len(set(titles)) == 11
    assert not re.search(r"\bnan\b|None", page)


def test_metrics_are_few_and_say_whole_minus_base(tmp_path: Path, inputs: dict) -> None:
    metrics = write_tables(**inputs, out=tmp_path / "out")
    part = metrics["recommended"]["focal"]
    assert set(part) == {"base", "whole", "whole_minus_base"}
    assert set(part["whole"]) == {"accuracy", "accuracy_std", "class_accuracy"}
    gain = part["whole_minus_base"]["all"]
    assert gain["low"] <= gain["difference"] <= gain["high"]
    assert gain["difference"] == pytest.approx(
        part["whole"]["accuracy"] - part["base"]["accuracy"], abs=2e-6
    )


def test_an_image_without_a_face_row_is_named(inputs: dict) -> None:
    known = read_manifest(inputs["faces"])["id"].tolist()
    with pytest.raises(UserError, match=r"'nobody\.png' has no row"):
        groups_of([*known[:3], "nobody.png", *known[3:]], inputs["images"], inputs["faces"])


def test_vertices_are_named_where_they_stand_for_whole(
    tmp_path: Path, inputs: dict, make_params
) -> None:
    axes = {"branches": ["base", "whole-vertices"], "seeds": [0], "losses": ["focal"]}
    params = make_params(experiments=axes)
    for cell in matrix(params):
        wrong = 12 if cell.configuration.branches == "base" else 8
        table = predict(read_manifest(inputs["images"]), wrong)
        write_predictions(table, tmp_path / cell.name / "predictions.parquet")
    metrics = write_tables(**inputs | {"params": params}, out=tmp_path / "out")
    part = metrics["recommended"]["focal"]
    assert set(part) == {"base", "whole-vertices", "whole-vertices_minus_base"}
    page = (tmp_path / "out" / "tables.md").read_text()
    assert "![Whole+Vertices minus Base by yaw](yaw.png)" in page
    assert "Whole+Vertices alone" in page and "Whole alone" not in page
    assert "Between Base and Whole+Vertices: test images" in page


def test_the_results_have_the_number_of_the_papers_table(
    tmp_path: Path, inputs: dict, make_params
) -> None:
    params = make_params(experiments={"compare": "ck", "losses": ["cross_entropy", "focal"]})
    write_tables(**inputs | {"params": params}, out=tmp_path / "out")
    names = {path.stem for path in (tmp_path / "out").glob("table*.tex")}
    assert "table3" in names and "table2" not in names
    assert "In the layout of table 3" in (tmp_path / "out" / "tables.md").read_text()


def test_a_single_cell_has_tables_too(tmp_path: Path, inputs, make_params) -> None:
    axes = {"branches": ["base"], "seeds": [0], "losses": ["focal"]}
    inputs = inputs | {"params": make_params(experiments=axes)}
    metrics = write_tables(**inputs, out=tmp_path / "out")
    assert set(metrics["recommended"]["focal"]) == {"base"}
    assert "accuracy_std" not in metrics["recommended"]["focal"]["base"]
    page = (tmp_path / "out" / "tables.md").read_text()
    assert "± – (" in page and "yaw.png" not in page  # noqa: RUF001
