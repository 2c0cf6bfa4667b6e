"""Tables and plot files."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rich.console import Console

from fer3d.errors import UserError
from fer3d.evaluation.plots import calibration_png, confusion_png, row_shares, write_confusion
from fer3d.evaluation.predictions import (
    classes_of,
    evaluate_reconstructed,
    evaluate_split,
    evaluate_votes,
)
from fer3d.evaluation.tables import (
    evaluation_markdown,
    evaluation_rows,
    evaluation_table,
    read_evaluation,
)


@pytest.fixture
def metrics(predictions: pd.DataFrame) -> dict:
    classes = classes_of(predictions)
    parts = predictions.groupby("split", sort=False)
    return {
        split: evaluate_split(part, classes)
        | {"reconstructed": evaluate_reconstructed(part, classes)}
        for split, part in parts
    }


def test_the_table_has_a_row_a_class_and_the_means(metrics: dict) -> None:
    header, rows = evaluation_rows(metrics)
    assert len(header) == 9
    assert {len(row) for row in rows} == {9}
    assert [row[0] for row in rows[3:]] == [
        "accuracy",
        "class accuracy",
        "macro F1",
        "calibration error",
        "accuracy, 3D",
        "class accuracy, 3D",
        "macro F1, 3D",
    ]
    assert rows[5][-2] == f"{metrics['test']['macro_f1']:.3f}"
    assert rows[6][-1] == "50"
    assert rows[-1][-2:] == [f"{metrics['test']['reconstructed']['macro_f1']:.3f}", "40"]


def test_accuracy_of_the_images_with_a_3d_face(predictions: pd.DataFrame) -> None:
    classes = classes_of(predictions)
    faces = predictions[predictions["reconstructed"]]
    scores = evaluate_reconstructed(predictions, classes)
    assert scores["images"] == len(faces) == 72
    assert scores["accuracy"] == round((faces["label"] == faces["predicted"]).mean(), 6)
    assert scores["macro_f1"] == evaluate_split(faces, classes)["macro_f1"]
    none = evaluate_reconstructed(predictions.assign(reconstructed=False), classes)
    assert none == {"images": 0, "accuracy": None, "class_accuracy": None, "macro_f1": None}


def test_agreement_with_the_votes() -> None:
    predictions = pd.DataFrame({"p_anger": [0.75, 0.25, 0.5], "p_fear": [0.25, 0.75, 0.5]})
    votes = pd.Series([[("anger", 6.0), ("fear", 2.0)], [("anger", 4.0), ("joy", 9.0)], None])
    found = evaluate_votes(predictions, votes, ["anger", "fear"])
    first = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert found["images"] == 2  # votes for another class do not count
    assert found["agreement"] == (0.75 + 0) / 2
    assert found["cross_entropy"] == pytest.approx((first - np.log(0.25)) / 2, abs=1e-6)
    none = evaluate_votes(predictions[2:], votes[2:], ["anger", "fear"])
    assert none == {"images": 0, "agreement": None, "cross_entropy": None}


def test_votes_have_rows_in_the_tables(metrics: dict) -> None:
    votes = {"images": 30, "agreement": 0.625, "cross_entropy": 1.25}
    voted = {split: part | {"votes": votes} for split, part in metrics.items()}
    rows = evaluation_rows(voted)[1]
    assert [row[0] for row in rows[-2:]] == ["share of the votes", "cross entropy, votes"]
    assert rows[-2][-2:] == ["0.625", "30"]
    assert rows[:-2] == evaluation_rows(metrics)[1]


@pytest.mark.parametrize("text", ["{}", "[]", '{"images": 3, "as_answered": {"accuracy": 1.0}}'])
def test_other_metrics_are_no_evaluation(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scores.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"scores\.json is not a metrics file of the stage"):
        read_evaluation(path)


def test_markdown_shows_every_number(metrics: dict) -> None:
    markdown = evaluation_markdown(metrics)
    assert all(cell in markdown for row in evaluation_rows(metrics)[1] for cell in row)


def test_the_terminal_shows_the_test_split_in_80_columns(metrics: dict) -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(evaluation_table(metrics))
    shown = console.file.getvalue()
    assert "…" not in shown
    for row in evaluation_rows(metrics)[1]:
        assert all(cell in shown for cell in (row[0], *row[-4:]))


def test_dvcs_confusion_file_has_a_row_an_image(predictions: pd.DataFrame, tmp_path: Path) -> None:
    write_confusion(predictions, "test", tmp_path / "plots" / "confusion.csv")
    table = pd.read_csv(tmp_path / "plots" / "confusion.csv")
    assert list(table.columns) == ["actual", "predicted"]
    test = predictions[predictions["split"] == "test"]
    assert table["predicted"].tolist() == test["predicted"].tolist()


def test_rows_of_the_confusion_matrix_are_shares() -> None:
    shares = row_shares(np.array([[3, 1], [0, 0]]))
    assert shares.tolist() == [[0.75, 0.25], [0.0, 0.0]]


@pytest.mark.parametrize("draw", [confusion_png, calibration_png])
def test_a_picture_has_equal_bytes_twice(
    draw: Callable[[pd.DataFrame, str], bytes], predictions: pd.DataFrame
) -> None:
    first, second = (draw(predictions, "test") for _ in range(2))
    assert first == second
    assert Image.open(io.BytesIO(first)).size[0] > 300
    assert b"Software" not in first
