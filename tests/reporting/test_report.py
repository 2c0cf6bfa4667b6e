"""The report page."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer3d.errors import UserError
from fer3d.evaluation.predictions import classes_of, evaluate_split, write_predictions
from fer3d.reporting.charts import (
    accuracy3d_table,
    class_counts,
    learning_curve,
    metrics_tables,
)
from fer3d.reporting.params import ReportParams
from fer3d.reporting.report import STAGES, RunFiles, report
from fer3d.reporting.samples import SampleSources

BY_YAW = {"0-15": 2.75}


@pytest.fixture
def inputs(tmp_path: Path, predictions: pd.DataFrame, sources: SampleSources) -> dict:
    classes = classes_of(predictions)
    splits = predictions.groupby("split", sort=False)
    metrics = {
        **{stage: {"images": 36} for stage in STAGES},
        "ingest": {"images": 36, "rejected_by_reason": {}, "per_class": dict.fromkeys(classes, 12)},
        "balance": {"before": dict.fromkeys(classes, 6), "after": dict.fromkeys(classes, 9)},
        "accuracy3d": {"images": 2, "images_by_yaw": {"0-15": 2}, "vertex_error_percent": BY_YAW},
        "train": {"epochs": 3, "best_epoch": 2, "validation": {"macro_f1": 0.5}},
        "evaluate": {name: evaluate_split(part, classes) for name, part in splits},
    }
    for name, values in metrics.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(values))
    epochs = pd.DataFrame({"epoch": [1, 2, 3]})
    for name in ("loss", "accuracy", "macro_f1"):
        epochs[f"train_{name}"], epochs[f"validation_{name}"] = [1.9, 0.7, 0.4], [0.4, 0.6, 0.5]
    epochs.to_csv(tmp_path / "curves.csv", index=False)
    write_predictions(predictions, tmp_path / "predictions.parquet")
    files = RunFiles(tmp_path, tmp_path / "curves.csv", tmp_path / "predictions.parquet")
    return {
        "files": files,
        "sources": sources,
        "params": ReportParams(samples_per_class=3, pictures=True),
    }


class _Parser(HTMLParser):
    VOID = ("meta", "img", "line", "link", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

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
    assert page.count("data:image") == 1  # the reliability diagram
    assert "Samples" not in page and "no face" not in page


def test_the_page_is_whole_and_needs_nothing_else(
    inputs: dict, triangles: np.ndarray, tmp_path: Path
) -> None:
    report(triangles=triangles, out=tmp_path / "out", **inputs)
    page = (tmp_path / "out" / "report.html").read_text()
    parser = _Parser()
    parser.feed(page)
    assert parser.open == []
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in parser.links)
    assert sum(link.startswith("data:") for link in parser.links) == 6
    assert "joy &amp; &lt;tears&gt;" in page
    assert "<th>0-15°</th><td>2</td><td>2.75</td>" in page
    assert "<tears>" not in page
    assert not re.search(r"\bnan\b|>None<|Undefined", page)
    assert sorted(path.stem for path in (tmp_path / "out" / "samples").iterdir()) == [
        "anger",
        "fear",
        "joy_tears_",
    ]


def test_two_reports_have_equal_bytes(inputs: dict, triangles: np.ndarray, tmp_path: Path) -> None:
    for name in ("one", "two"):
        report(triangles=triangles, out=tmp_path / name, **inputs)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_missing_input_says_what_to_run(
    inputs: dict, triangles: np.ndarray, tmp_path: Path
) -> None:
    (inputs["files"].metrics / "ingest.json").unlink()
    with pytest.raises(UserError, match=r"ingest\.json is missing: run `dvc repro`"):
        report(triangles=triangles, out=tmp_path / "out", **inputs)


def test_class_counts_follow_the_stages() -> None:
    metrics = {
        "ingest": {"per_class": {"fear": 9}},
        "split": {"train": {"fear": 5}, "validation": {"fear": 2}, "test": {"fear": 2}},
        "balance": {"after": {"fear": 20}},
    }
    steps = ["ingested", "train", "validation", "test", "train, balanced"]
    assert [title for title, _ in class_counts(metrics)] == steps


def test_no_metric_is_lost_in_the_tables() -> None:
    metrics = {"a": 1, "b": {"x": {"n": 2, "m": 3}, "y": {"n": 4, "m": 5}}, "c": {"d": {"e": 6.5}}}
    cells = [cell for table in metrics_tables(metrics) for _, cells in table.rows for cell in cells]
    assert sorted(cells) == ["1", "2", "3", "4", "5", "6.5"]


def test_a_curve_of_one_epoch_can_be_drawn() -> None:
    curves = pd.DataFrame({"epoch": [1], "train_loss": [2.0], "validation_loss": [1.0]})
    chart = learning_curve(curves, "loss", "Loss", best_epoch=1)
    assert chart.lines["train"].count(",") == 1


def test_errors_of_the_3d_are_shown_where_there_is_a_truth() -> None:
    rotation = {"0-30": {"median": 3.25, "mean": 4.0}}
    metrics = {"images": 9, "images_by_yaw": {"0-30": 9}, "rotation_deg": rotation}
    table = accuracy3d_table(metrics)
    assert list(table.header) == ["faces", "rotation, median, degrees"]
    assert table.rows == [("0-30°", ["9", "3.25"])]
    assert accuracy3d_table({"images": 0}) is None
