"""The compared models in the matrix, and their tables."""

import json
from pathlib import Path

import pandas as pd
import pytest

from fer3d.errors import UserError
from fer3d.evaluation.predictions import write_predictions
from fer3d.experiments.cells import OURS, Cell, parameters
from fer3d.experiments.imports import used_modules
from fer3d.experiments.matrix import cell_folders, matrix
from fer3d.experiments.model_matrix import model_cells, model_setups
from fer3d.experiments.model_tables import reference, rivals, write_comparison
from fer3d.experiments.models import ModelSetup
from fer3d.experiments.progress import left_to_run
from fer3d.experiments.results import load_results
from fer3d.experiments.run_model import run_model
from fer3d.experiments.times import note
from fer3d.files.folders import Folders
from fer3d.files.manifest import people
from fer3d.files.packed import read_manifest
from fer3d.training.trainer import Runtime

REPOSITORY = Path(__file__).parents[2]
MODELS = ["ours", "zhang-2017", "inc-2016"]
RIGHT = {"base": 10, "whole": 20, "zhang-2017": 16, "inc-2016": 12}  # of 24 test images


def test_ours_has_no_cell_among_the_models(make_params) -> None:
    assert model_cells(make_params()) == []
    axes = {"models": MODELS, "model_presets": ["article", "recommended"], "seeds": [3, 5]}
    params = make_params(experiments=axes)
    cells = model_cells(params)
    assert len(cells) == len(set(cells)) == len({cell.name for cell in cells}) == 8
    assert cells[0].name == "3-article-zhang-2017"
    assert cells[0].title == "Zhang-2017, seed 3"
    assert matrix(params) == matrix(make_params(experiments={"seeds": [3, 5]}))


def test_a_model_is_trained_in_every_fold(make_params) -> None:
    axes = {"models": MODELS, "seeds": [0], "folds": [0, 2]}
    cells = model_cells(make_params(experiments=axes, split={"folds": 3}))
    assert [cell.name for cell in cells[:2]] == [
        "0-0-recommended-zhang-2017",
        "0-0-recommended-inc-2016",
    ]
    assert [cell.fold for cell in cells] == [0, 0, 2, 2]


def test_compared_models_take_one_label_for_each_image(make_params) -> None:
    """What only our network can use is no reason to train the others again."""
    own = {"cut_mix": 0.5, "mix_up": 0.4, "soft_labels": True, "focal_gamma": 3.0, "focal_alpha": 1}
    own |= {"teachers": ["one"], "teacher_share": 0.5}
    cell = Cell(ModelSetup("recommended", "inc-2016"), 0)
    assert parameters(cell, make_params(train=own)) == parameters(cell, make_params())
    assert parameters(cell, make_params())["train"]["cut_mix"] == 0
    longer = make_params(train={"epochs": 7})
    assert parameters(cell, longer)["train"]["epochs"] == 7


def test_models_do_not_change_our_cells(make_params) -> None:
    """Neither their parameters, nor the code that they depend on."""
    with_models = make_params(experiments={"models": MODELS})
    for cell in matrix(with_models):
        assert parameters(cell, with_models) == parameters(cell, make_params())
    used = used_modules(REPOSITORY / "experiments" / "cell.py", REPOSITORY)
    assert not [name for name in used if "compar" in name or "model" in Path(name).name]


def test_a_models_cell_is_the_recommended_training_with_its_seed(make_params) -> None:
    params = make_params(train={"seed": 9, "loss": "focal", "epochs": 7})
    values = parameters(Cell(ModelSetup("article", "inc-2016"), 4), params)
    assert values["experiment"] == {
        "preset": "article",
        "model": "inc-2016",
        "seed": 4,
        "fold": None,
    }
    train = values["train"]
    assert (train["seed"], train["loss"], train["epochs"]) == (4, "cross_entropy", 7)


def test_an_unknown_model_is_refused(make_params) -> None:
    with pytest.raises(ValueError, match="unknown 'vgg'; known: ours, li-2017, jung-2015"):
        make_params(experiments={"models": ["ours", "vgg"]})


@pytest.fixture
def folders(tmp_path: Path, write_set) -> Folders:
    write_set(tmp_path / "data")
    return Folders(*(tmp_path / "data" / name for name in ("balance", "reconstruct", "relight")))


def test_a_cell_is_trained_tested_and_leaves_no_state(
    tmp_path: Path, folders: Folders, make_params
) -> None:
    cell, params = Cell(ModelSetup("recommended", "zhang-2017"), 0), make_params()
    runtime = Runtime(state=tmp_path / "states", progress=False)
    result = run_model(cell, folders, tmp_path / "out", params, runtime)
    assert json.loads((tmp_path / "out" / "cell.json").read_text()) == result
    assert set(result["scores"]) == {"validation", "test"}
    assert set(result["training"]["steps"]) == {"phrnn", "mscnn"}
    table = pd.read_parquet(tmp_path / "out" / "predictions.parquet")
    assert set(table["split"]) == {"validation", "test"}
    assert (tmp_path / "out" / "curves-mscnn.csv").read_text().startswith("epoch,train_loss")
    assert not list((tmp_path / "states").glob("*"))


def test_what_is_left_is_said_with_its_time(tmp_path: Path, make_params) -> None:
    params = make_params(experiments={"models": MODELS, "seeds": [0]})
    cells, taken = model_cells(params), tmp_path / "times.json"
    path = tmp_path / cells[0].name / "cell.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"parameters": parameters(cells[0], params)}))
    note(taken, cells[1], 600, params)
    assert left_to_run({tmp_path: cells}, taken, params) == [
        "left: INC-2016, seed 0, recommended",
        "2 cells, 1 of them left, about 10 min",
    ]


def predict(frame: pd.DataFrame, right: int) -> pd.DataFrame:
    test = frame[frame["split"] == "test"][["id", "split", "label"]].reset_index(drop=True)
    others = test["label"].map({"anger": "fear", "fear": "surprise", "surprise": "anger"})
    return test.assign(predicted=test["label"].where(test.index < right, others))


@pytest.fixture
def inputs(tmp_path: Path, folders: Folders, make_params) -> dict:
    params = make_params(experiments={"models": MODELS, "seeds": [0]})
    frame = read_manifest(folders.images)
    for cell in (*matrix(params), *model_cells(params)):
        values = cell.configuration.values
        right = RIGHT[values.get("model") or values["branches"]]
        write_predictions(predict(frame, right), tmp_path / cell.name / "predictions.parquet")
    parents = {"cells": tmp_path, "models": tmp_path}
    return parents | {"images": folders.images, "params": params}


def test_the_tables_have_ours_and_the_models(tmp_path: Path, inputs: dict) -> None:
    metrics = write_comparison(**inputs, out=tmp_path / "out")
    names = {path.stem for path in (tmp_path / "out").glob("*.tex")}
    assert names == {"table2", "table6", "model-differences", "model-mcnemar"}
    assert names == {path.stem for path in (tmp_path / "out").glob("*.csv")}
    page = (tmp_path / "out" / "tables.md").read_text()
    assert "| Zhang-2017, published | RAF-subset |" in page
    assert "| Zhang-2017 | these images |" in page
    # 20 of 24 against 16: the four that differ are all ours
    assert "| Zhang-2017 | recommended | 0 | 4 | 0 | 0.1250 |" in page
    recommended = metrics["recommended"]
    assert recommended["zhang-2017"]["accuracy"] == pytest.approx(16 / 24, abs=1e-6)
    assert recommended["inc-2016"]["ours_minus"]["difference"] == pytest.approx(8 / 24, abs=1e-6)
    assert set(recommended) == {
        "base-cross_entropy",
        "whole-cross_entropy",
        "zhang-2017",
        "inc-2016",
    }


def test_models_are_compared_with_the_whole_network(inputs: dict) -> None:
    params, parent = inputs["params"], inputs["cells"]
    cells = [*matrix(params), *model_cells(params)]
    persons = people(read_manifest(inputs["images"]))
    results = load_results(cell_folders(parent, cells), persons)
    assert reference(results).branches == "whole"
    assert rivals(results) == model_setups(params)


def test_without_ours_there_are_the_models_alone(tmp_path: Path, inputs: dict, make_params) -> None:
    axes = {"models": [name for name in MODELS if name != OURS], "seeds": [0]}
    inputs = inputs | {"params": make_params(experiments=axes)}
    metrics = write_comparison(**inputs, out=tmp_path / "out")
    assert set(metrics["recommended"]) == {"zhang-2017", "inc-2016"}
    assert {path.stem for path in (tmp_path / "out").glob("*.tex")} == {"table2"}


def test_a_missing_cell_is_named(tmp_path: Path, inputs: dict, make_params) -> None:
    axes = {"models": [*MODELS, "li-2017"], "seeds": [0]}
    inputs = inputs | {"params": make_params(experiments=axes)}
    with pytest.raises(UserError, match=r"0-recommended-li-2017.*is missing"):
        write_comparison(**inputs, out=tmp_path / "out")
