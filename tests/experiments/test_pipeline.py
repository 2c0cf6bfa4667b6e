"""The pipelines of the experiments, run by DVC on a set of ninety small images."""

import json
import os
import re
import signal
from pathlib import Path

import pandas as pd
import pytest
import yaml
from checkout import stages_run

from fer3d.experiments.models import ONE_LABEL
from fer3d.files.packed import read_manifest
from fer3d.presets.params import NetworkParams, TrainParams

REPOSITORY = Path(__file__).parents[2]
DEFINITIONS = {
    name: yaml.safe_load((REPOSITORY / name).read_text())["stages"]
    for name in (
        "experiments/dvc.yaml",
        "experiments/folds/dvc.yaml",
        "experiments/compared/dvc.yaml",
        "experiments/compared/folds/dvc.yaml",
    )
}
STAGES = [(name, stage) for name, stages in DEFINITIONS.items() for stage in stages]
BY_THE_MATRIX = {
    "network": {"preset", "base", "shading", "landmark", "vertices", "features"},
    "train": {"seed", "loss"},
}
CELLS = [f"cell@{s}-recommended-{b}-cross_entropy" for s in (0, 1) for b in ("base", "whole")]


@pytest.mark.parametrize(("definition", "stage"), STAGES)
def test_a_cell_depends_on_the_digests_of_its_modules(definition, stage):
    """The stage `code` makes them; tests/stages/test_definition.py compares deps with imports."""
    deps = DEFINITIONS[definition][stage]["deps"]
    assert ("data/experiments/code.json" in deps) == (stage == "cell")
    assert ("data/experiments/model_code.json" in deps) == (stage == "model")
    if stage in ("cell", "model"):
        assert not [dep for dep in deps if dep.startswith(("fer3d", "stages"))]


@pytest.mark.parametrize("definition", ["experiments/dvc.yaml", "experiments/folds/dvc.yaml"])
def test_a_cell_depends_on_every_parameter_but_the_matrix(definition):
    sections = {"network": NetworkParams, "train": TrainParams}
    expected = {
        f"{section}.{name}"
        for section, model in sections.items()
        for name in set(model.model_fields) - BY_THE_MATRIX[section]
    }
    assert set(DEFINITIONS[definition]["cell"]["params"]) == expected


@pytest.mark.parametrize(
    "definition", ["experiments/compared/dvc.yaml", "experiments/compared/folds/dvc.yaml"]
)
def test_a_model_depends_on_every_parameter_of_training_but_the_matrix(definition):
    names = set(TrainParams.model_fields) - BY_THE_MATRIX["train"] - set(ONE_LABEL)
    expected = {f"train.{name}" for name in names}
    assert set(DEFINITIONS[definition]["model"]["params"]) == expected


@pytest.fixture(scope="module")
def project(tmp_path_factory, new_project):
    return new_project(tmp_path_factory.mktemp("experiments") / "project")


@pytest.mark.slow
def test_every_cell_is_run_once(project):
    ran, text = project.experiments()
    assert ran == ["code", *CELLS, "tables"]
    assert "cell 1 of 4: Base, cross entropy, seed 0\n" in text
    assert re.search(r"cell 4 of 4: Whole, cross entropy, seed 1; about \d+ \w+ left", text)
    cell = json.loads((project.cells / CELLS[3][5:] / "cell.json").read_text())
    assert cell["parameters"]["experiment"] == {
        "preset": "recommended",
        "branches": "whole",
        "loss": "cross_entropy",
        "seed": 1,
        "fold": None,
    }
    assert cell["parameters"]["train"]["epochs"] == 2
    metrics = json.loads((project.folder / "metrics/experiments.json").read_text())
    assert "whole_minus_base" in metrics["recommended"]["cross_entropy"]
    assert (project.folder / "data/experiments/tables/tables.md").exists()
    again, text = project.experiments()
    assert again == [] and "4 cells, 4 of them done" in text


@pytest.mark.slow
def test_a_new_seed_costs_its_cells_and_a_kill_the_one_that_runs(project):
    project.set({"experiments": {"seeds": [0, 1, 2]}})
    with project.start("dvc", "repro", "experiments/dvc.yaml") as process:
        assert any(line.startswith("cell 6 of 6") for line in process.stdout)
        os.killpg(process.pid, signal.SIGKILL)
    ran, _ = project.experiments()
    assert ran == ["cell@2-recommended-whole-cross_entropy", "tables"]


@pytest.mark.slow
def test_dvc_compares_matrices(project):
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", "first")
    one_seed = ("-S", "experiments.seeds=[0]")
    project.run("dvc", "exp", "run", "experiments/dvc.yaml", "--name", "one", *one_seed)
    shown = project.run("dvc", "exp", "show", "--csv")
    assert "one" in shown and "recommended.cross_entropy.whole.accuracy" in shown
    assert "experiments.seeds" in project.run("dvc", "params", "diff", "--all")


@pytest.mark.slow
def test_folds_run_over_all_images(tmp_path, new_project, assets_dir):
    project = new_project(tmp_path / "project")
    (project.folder / "data/assets").symlink_to(assets_dir)
    (project.folder / "models").mkdir()
    axes = {"folds": [0, 1], "seeds": [0], "branches": ["whole"]}
    project.set({"split": {"folds": 2}, "experiments": axes, "train": {"epochs": 1}})
    ran, text = project.experiments()
    kinds = sorted(stage.split("@")[0] for stage in ran)
    assert kinds == ["cell", "cell", "code", "fold", "fold", "tables"]
    assert "cell 2 of 2: Whole, cross entropy, seed 0, fold 1" in text
    data = project.folder / "data"
    everything = read_manifest(data / "align")["id"].tolist()
    tested = []
    for fold in (0, 1):
        frame = read_manifest(data / f"experiments/folds/{fold}/balance")
        tested += frame["id"][frame["split"] == "test"].tolist()
        name = f"{fold}-0-recommended-whole-cross_entropy"
        cell = pd.read_parquet(data / "experiments/fold_cells" / name / "predictions.parquet")
        assert set(cell["id"][cell["split"] == "test"]) <= set(tested)
    assert sorted(tested) == everything
    assert project.experiments()[0] == []
    project.set({"experiments": {"models": ["ours", "zhang-2017"]}})
    ran = stages_run(project.run("dvc", "repro", "experiments/compared/folds/dvc.yaml"))
    models = {f"model@{fold}-0-recommended-zhang-2017" for fold in (0, 1)}
    assert models | {"comparison"} <= set(ran)
    assert not [stage for stage in ran if stage.startswith(("cell", "fold"))]  # there already
    metrics = json.loads((project.folder / "metrics/comparison_folds.json").read_text())
    assert set(metrics["recommended"]) == {"whole-cross_entropy", "zhang-2017"}


@pytest.mark.slow
def test_models_are_trained_once_beside_ours(tmp_path, new_project):
    project = new_project(tmp_path / "project")
    axes = {"seeds": [0], "branches": ["whole"], "models": ["ours", "zhang-2017"]}
    project.set({"experiments": axes, "train": {"epochs": 1}})
    first, text = project.experiments("compare")
    ours, model = "cell@0-recommended-whole-cross_entropy", "model@0-recommended-zhang-2017"
    assert {ours, model, "comparison"} <= set(first)
    assert "left: Zhang-2017, seed 0, recommended\n2 cells, 2 of them left\n" in text
    metrics = json.loads((project.folder / "metrics/comparison.json").read_text())
    assert set(metrics["recommended"]) == {"whole-cross_entropy", "zhang-2017"}
    project.set({"experiments": {"models": ["ours", "zhang-2017", "inc-2016"]}})
    second, text = project.experiments("compare")
    assert second == ["model@0-recommended-inc-2016", "comparison"]
    assert "3 cells, 1 of them left" in text
