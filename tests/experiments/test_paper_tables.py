"""Results and tables of cells with known predictions."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer3d.errors import UserError
from fer3d.evaluation.predictions import write_predictions
from fer3d.experiments.cells import Configuration
from fer3d.experiments.comparisons import difference_table, group_table, mcnemar_table
from fer3d.experiments.formats import ResultTable, Value, to_csv, to_latex, to_markdown
from fer3d.experiments.groups import Lighting, groups
from fer3d.experiments.matrix import cell_folders, matrix
from fer3d.experiments.paper_tables import (
    ablation_table,
    confusion_tables,
    results_table,
    score_all,
)
from fer3d.experiments.published import PUBLISHED
from fer3d.experiments.results import Bootstrap, load_results
from fer3d.experiments.statistics import Interval, spread

LABELS = ["surprise", "fear", "anger", "joy"] * 25
IDS = [f"{i:03d}" for i in range(100)]
ALONE = pd.Series(IDS, IDS, dtype=object)  # every image is of a person of its own
RIGHT = {("base", 0): 60, ("base", 1): 70, ("whole", 0): 80, ("whole", 1): 90}  # of 100
BOOTSTRAP = Bootstrap(200)
BASE, WHOLE = (Configuration("recommended", name, "cross_entropy") for name in ("base", "whole"))


def predictions(ids: list[str], right: int) -> pd.DataFrame:
    """The first images right, the others taken for the next class; validation says nothing."""
    numbers = [int(name) for name in ids]
    labels = np.array([LABELS[i] for i in numbers], dtype=object)
    others = np.array([LABELS[(i + 1) % 100] for i in numbers], dtype=object)
    predicted = np.where(np.array(numbers) < right, labels, others)
    test = pd.DataFrame({"id": ids, "split": "test", "label": labels, "predicted": predicted})
    return pd.concat([test, test.assign(split="validation", predicted="fear")])


@pytest.fixture
def results(tmp_path: Path, make_params):
    params = make_params()
    for cell in matrix(params):
        right = RIGHT[cell.configuration.branches, cell.seed]
        write_predictions(predictions(IDS, right), tmp_path / cell.name / "predictions.parquet")
    return load_results(cell_folders(tmp_path, matrix(params)), ALONE)


def test_scores_are_of_test_images_over_seeds(results) -> None:
    score = results.accuracy(WHOLE, BOOTSTRAP)
    assert score.spread.mean == pytest.approx(0.85)
    assert score.spread.std == pytest.approx(0.1 / 2**0.5)
    assert score.interval.low < 0.85 < score.interval.high
    assert results.class_accuracy(WHOLE, BOOTSTRAP).spread.mean == pytest.approx(0.85, abs=0.01)
    difference = results.difference(BASE, WHOLE, BOOTSTRAP)
    assert difference.value == pytest.approx(0.2)
    assert results.confusions(WHOLE).sum() == 200
    assert np.trace(results.confusions(WHOLE).sum(axis=0)) == 170


def test_classes_stand_in_the_papers_order_and_others_after_them(results) -> None:
    assert results.classes == ["surprise", "fear", "anger", "joy"]
    table = results_table(results, PUBLISHED["raf"], score_all(results, BOOTSTRAP))
    columns = ["SU", "FE", "DI", "HA", "SA", "AN", "NE", "joy", "Acc", "C-Acc"]
    assert list(table.header[2:]) == columns
    assert all(len(row) == len(table.header) for row in table.rows)
    assert [row[0] for row in table.rows][-3:] == [
        "Our Model (FL), published",
        "Base, cross entropy",
        "Whole, cross entropy",
    ]
    assert str(table.rows[-1][-2]).startswith("85.00 ± 7.07 (")


def test_the_ablation_has_the_published_figures_beside_ours(results) -> None:
    table = ablation_table(results, PUBLISHED["raf"], score_all(results, BOOTSTRAP))
    assert [row[0] for row in table.rows] == ["Base", "Whole"]
    assert [str(entry) for entry in table.rows[1][1:3]] == ["81.60", "67.83"]
    assert str(table.rows[1][3]).startswith("85.00 ± 7.07 (")
    assert "published" in table.header[1] and "published" not in table.header[3]
    oulu = ablation_table(results, PUBLISHED["oulu"], score_all(results, BOOTSTRAP))
    assert [str(entry) for entry in oulu.rows[1][1:3]] == ["84.86", ""]


def test_branches_that_the_paper_does_not_have_have_no_published_figures(
    tmp_path: Path, make_params
) -> None:
    params = make_params(experiments={"branches": ["base", "base-vertices"]})
    for cell in matrix(params):
        write_predictions(predictions(IDS, 60), tmp_path / cell.name / "predictions.parquet")
    found = load_results(cell_folders(tmp_path, matrix(params)), ALONE)
    table = ablation_table(found, PUBLISHED["raf"], score_all(found, BOOTSTRAP))
    assert table.rows[1][:3] == ["Base+Vertices", "", ""]
    assert len(table.rows[1]) == len(table.header)


def test_confusion_is_of_the_whole_network(results) -> None:
    ours, published = confusion_tables(results, PUBLISHED["raf"])
    assert [sum(entry.mean for entry in row[1:]) for row in ours.rows] == pytest.approx([1] * 4)
    assert len(published.rows) == 7


def test_mcnemar_is_made_for_each_seed_and_for_all(results) -> None:
    table = mcnemar_table(results)
    assert [row[2:5] for row in table.rows] == [["0", 0, 20], ["1", 0, 20], ["all", 0, 40]]
    assert table.rows[0][5] == "< 0.0001"


def test_the_gain_is_shown_in_the_group_that_has_it(results) -> None:
    """Whole alone is right on images 60 to 89: those are the turned heads here."""
    numbers = np.arange(100)
    yaw = np.where((numbers >= 60) & (numbers < 90), -40.0, 5.0)
    frame = pd.DataFrame({"yaw": yaw, "reconstructed": numbers != 99})
    light = Lighting(np.arange(100.0), np.zeros(100))
    found = groups(frame, light)
    table = group_table(results, found, BOOTSTRAP, BASE, WHOLE)
    shown = {(row[0], row[1]): row for row in table.rows}
    assert shown["yaw", "over 30°"][2:5] == [30, *shown["yaw", "turned, over 20°"][3:5]]
    assert str(shown["yaw", "over 30°"][5]).startswith("+66.67 (")
    assert str(shown["yaw", "0 to 10°"][5]).startswith("0.00 (")
    assert shown["yaw", "no 3D face"][2] == 1
    assert ("side light", "evenly lit third") in shown
    assert sum(row[2] for row in table.rows if row[0] == "brightness") == 100
    assert len(difference_table(results, BOOTSTRAP).rows) == 1


def test_vertices_stand_for_whole_if_there_is_no_whole(tmp_path: Path, make_params) -> None:
    axes = {"branches": ["base", "whole-vertices"], "seeds": [0], "presets": ["photos"]}
    params = make_params(experiments=axes)
    for cell in matrix(params):
        right = 60 if cell.configuration.branches == "base" else 80
        write_predictions(predictions(IDS, right), tmp_path / cell.name / "predictions.parquet")
    found = load_results(cell_folders(tmp_path, matrix(params)), ALONE)
    table = mcnemar_table(found)
    assert [row[2:5] for row in table.rows] == [["0", 0, 20]]
    assert table.header[3:5] == ("Base alone", "Whole+Vertices alone")
    assert [row[0] for row in difference_table(found, BOOTSTRAP).rows] == ["Whole+Vertices − Base"]  # noqa: RUF001


@pytest.fixture
def uneven(tmp_path: Path, make_params):
    """Results of two folds, of 20 and 80 images: the small one has no fear and one joy."""
    axes = {"folds": [0, 1], "seeds": [0, 1]}
    params = make_params(split={"folds": 2}, experiments=axes)
    small = [*range(0, 38, 2), 99]
    tested = [[name for name in IDS if (int(name) in small) != fold] for fold in (0, 1)]
    for cell in matrix(params):
        right = RIGHT[cell.configuration.branches, cell.seed]
        table = predictions(tested[cell.fold], right)
        write_predictions(table, tmp_path / cell.name / "predictions.parquet")
    return load_results(cell_folders(tmp_path, matrix(params)), ALONE)


def test_folds_together_test_every_image_once(uneven, results) -> None:
    """A score is that of all images, independent of the folds."""
    assert uneven.ids.tolist() == IDS and (uneven.folds, results.folds) == (2, 1)
    assert uneven.hits(WHOLE).shape == (2, 100)
    np.testing.assert_array_equal(uneven.recalls(WHOLE), results.recalls(WHOLE))
    assert score_all(uneven, BOOTSTRAP) == score_all(results, BOOTSTRAP)
    assert uneven.accuracy(WHOLE, BOOTSTRAP).spread == spread(np.array([0.8, 0.9]))
    assert mcnemar_table(uneven).rows == mcnemar_table(results).rows
    table = results_table(uneven, PUBLISHED["ck"], score_all(uneven, BOOTSTRAP))
    assert "over 2 seeds, images of 2 folds pooled," in table.caption


@pytest.mark.parametrize("configuration", [BASE, WHOLE])
def test_a_score_lies_in_its_interval(uneven, configuration: Configuration) -> None:
    for score in score_all(uneven, BOOTSTRAP)[configuration]:
        assert score.interval.low <= score.spread.mean <= score.interval.high
    difference = uneven.difference(BASE, WHOLE, BOOTSTRAP)
    assert difference.interval.low <= difference.value <= difference.interval.high
    first, second = (score_all(uneven, BOOTSTRAP)[c][0].spread.mean for c in (BASE, WHOLE))
    assert difference.value == pytest.approx(second - first)


def test_a_class_without_test_images_has_no_recall(tmp_path: Path, make_params) -> None:
    """Joy is predicted and never there."""
    tables = {"base": ["fear", "anger"], "whole": ["fear", "joy"]}
    params = make_params(experiments={"seeds": [0]})
    for cell in matrix(params):
        table = pd.DataFrame({"id": IDS[:2], "split": "test", "label": ["fear", "anger"]})
        table["predicted"] = tables[cell.configuration.branches]
        write_predictions(table, tmp_path / cell.name / "predictions.parquet")
    results = load_results(cell_folders(tmp_path, matrix(params)), ALONE)
    np.testing.assert_array_equal(results.recalls(WHOLE), [[1, 0, np.nan]])
    score = results.class_accuracy(WHOLE, BOOTSTRAP)
    assert (score.spread.mean, score.spread.std) == (0.5, None)


def test_people_are_resampled_whole(tmp_path: Path, make_params, results) -> None:
    subjects = pd.Series([f"s{i // 20}" for i in range(100)], IDS, dtype=object)
    people = load_results(cell_folders(tmp_path, matrix(make_params())), subjects)
    one, other = (r.accuracy(WHOLE, BOOTSTRAP).interval for r in (results, people))
    assert other.high - other.low > 1.5 * (one.high - one.low)


def test_a_missing_cell_says_what_to_run(tmp_path: Path, make_params, results) -> None:
    params = make_params(experiments={"seeds": [0, 1, 2]})
    with pytest.raises(UserError, match=r"2-recommended-base-cross_entropy.*make experiments"):
        load_results(cell_folders(tmp_path, matrix(params)), ALONE)


def test_a_test_image_that_the_data_set_lacks_is_a_users_error(
    tmp_path: Path, make_params, results
) -> None:
    with pytest.raises(UserError, match="image '000' is not among the images of the data set"):
        load_results(cell_folders(tmp_path, matrix(make_params())), ALONE.iloc[1:])


TABLE = ResultTable(
    "name",
    "Title",
    "A caption, 95 %.",
    ("Model", "Acc"),
    [
        ["a & b", Value(0.5, 0.01, Interval(0.4, 0.6))],
        ["|yaw|", Value(-0.001, None, signed=True)],
        ["none", ""],
    ],
    ("A note.",),
)


def test_markdown_latex_and_csv_say_the_same() -> None:
    markdown = to_markdown(TABLE, TABLE.notes)
    assert "| a & b | 50.00 ± 1.00 (40.00 to 60.00) |" in markdown
    assert r"\|yaw\| | −0.10 ± – |" in markdown  # noqa: RUF001
    tex = to_latex(TABLE)
    assert r"a \& b & 50.00 $\pm$ 1.00 (40.00 to 60.00) \\" in tex
    assert r"95 \%" in tex and r"\toprule" in tex and not re.search(r"(?<!\\)%", tex)
    rows = list(csv.reader(io.StringIO(to_csv(TABLE))))
    assert rows[0] == ["Model", "Acc", "Acc std", "Acc low", "Acc high"]
    assert rows[1] == ["a & b", "50.0000", "1.0000", "40.0000", "60.0000"]
    assert rows[2][1:] == ["-0.1000", "", "", ""] and rows[3] == ["none", *[""] * 4]
