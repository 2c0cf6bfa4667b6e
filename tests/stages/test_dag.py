"""The whole DAG, by DVC, on a handful of images: every stage real, nothing shared between runs."""

import json
import os
import signal
import time

import pandas as pd
import pytest

from fer3d import Recognizer
from fer3d.files import manifest
from fer3d.files.packed import read_manifest

STAGES = [
    "assets",
    "synthesize",
    "ingest",
    "deduplicate",
    "split",
    "align",
    "balance",
    "reconstruct",
    "relight",
    "accuracy3d",
    "data_report",
    "train",
    "evaluate",
    "report",
]


@pytest.fixture(scope="module")
def project(tmp_path_factory, first_run):
    """The first run, to be changed."""
    return first_run.project.copy(tmp_path_factory.mktemp("dag") / "one")


def test_every_stage_runs(first_run):
    assert sorted(first_run.seconds) == sorted(STAGES[1:])  # branches run in any order


def test_a_second_run_only_looks_for_changed_images(project):
    assert project.repro() == ["ingest"]


@pytest.mark.slow
def test_a_new_light_runs_what_sees_the_light(project):
    project.set({"relight": {"light": [0.5, 0.0, 1.0]}})
    seen = {"relight", "accuracy3d", "train", "evaluate", "report"}
    assert set(project.repro()) == seen | {"ingest"}  # which looks for changed images each time
    project.set({"relight": {"light": [0.0, 0.0, 1.0]}})
    project.repro()


@pytest.mark.slow
def test_a_comment_in_the_networks_does_not_reach_preprocessing(project):
    module = project.folder / "fer3d" / "networks" / "branches" / "base.py"
    text = module.read_text()
    module.write_text(text + "# a comment\n")
    ran = project.repro()
    module.write_text(text)
    assert "train" in ran
    assert set(ran) & set(STAGES[: STAGES.index("train")]) == {"ingest"}
    project.repro()


def test_no_row_is_lost(project):
    data = project.folder / "data"
    ingested = manifest.read(data / "ingest" / "manifest.parquet")
    kept = manifest.read(data / "deduplicate" / "manifest.parquet")
    dropped = manifest.read(data / "deduplicate" / "dropped.parquet")
    assert sorted([*kept["id"], *dropped["id"]]) == ingested["id"].tolist()
    assert len(dropped) > 0 and dropped["reason"].notna().all()
    assert manifest.read(data / "deduplicate" / "near.parquet").empty  # renderings are no copies
    assert manifest.read(data / "split" / "manifest.parquet")["id"].tolist() == kept["id"].tolist()
    assert read_manifest(data / "align")["id"].tolist() == kept["id"].tolist()
    balanced = read_manifest(data / "balance")
    assert set(kept["id"]) == set(balanced["source_id"])
    for stage in ("reconstruct", "relight"):
        assert read_manifest(data / stage)["id"].tolist() == balanced["id"].tolist()


def test_no_copy_and_no_noise_where_it_does_not_belong(project):
    balanced = read_manifest(project.folder / "data" / "balance")
    assert balanced.groupby("sha1")["split"].nunique().max() == 1
    assert set(balanced.loc[balanced["split"] != "train", "noise"]) == {""}
    assert (balanced.loc[balanced["split"] == "train", "noise"] != "").any()


def test_metrics_have_the_agreed_keys(project):
    keys = {
        "ingest": {"images", "rejected", "rejected_by_reason", "per_class"},
        "deduplicate": {"before", "after", "removed", "conflicting_groups", "cross_split_groups"},
        "split": {"train", "validation", "test"},
        "align": {"train", "validation", "test", "aligned_fraction"},
        "balance": {"before", "after"},
        "reconstruct": {"images", "reconstructed", "reconstructed_fraction"},
        "relight": {"images", "visible_fraction"},
        "accuracy3d": {"images", "reconstructed", "rotation_deg", "visibility_iou"},
        "evaluate": {"validation", "test"},
    }
    for stage, expected in keys.items():
        assert expected <= set(project.metrics(stage)), stage
    assert {"accuracy", "class_accuracy", "macro_f1", "per_class"} <= set(
        project.metrics("evaluate")["test"]
    )


def test_from_python_a_file_gets_what_evaluate_wrote(first_run):
    data = first_run.project.folder / "data"
    recognizer = Recognizer.load(data / "train" / "model.safetensors", assets=data / "assets")
    written = pd.read_parquet(data / "evaluate" / "predictions.parquet").set_index("id")
    paths = manifest.read(data / "split" / "manifest.parquet").set_index("id")["path"]
    got = recognizer(
        [data / "synthetic" / "images" / paths[name] for name in written.index]
    ).to_dataframe()
    assert got["expression"].tolist() == written["predicted"].tolist()
    columns = [f"p_{name}" for name in recognizer.classes]
    assert got[columns].to_numpy() == pytest.approx(written[columns].to_numpy(), abs=1e-6)


@pytest.mark.slow
def test_dvc_compares_parameters_metrics_and_plots(project):
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", "first result")
    project.set({"train": {"epochs": 1}})
    project.repro()
    assert "train.epochs" in project.run("dvc", "params", "diff")
    assert "metrics/train.json" in project.run("dvc", "metrics", "diff")
    shown = project.run("dvc", "plots", "diff", "HEAD", "--json", "--out", "dvc_plots")
    plots = json.loads(shown)["data"]
    confusions = {"plots/confusion-validation.csv", "plots/confusion.csv"}
    assert set(plots) == {"Loss", "Accuracy", "Macro F1", "plots/curves.csv"} | confusions
    overlaid = {revision for parts in plots.values() for revision in parts[0]["revisions"]}
    assert overlaid == {"HEAD", "workspace"}
    assert all(len(parts[0]["revisions"]) == 2 for parts in plots.values())
    chosen = ("--only-changed", "--drop", ".*per_class|data/|fer3d|plots/")
    columns = project.run("dvc", "exp", "show", "--csv", *chosen).splitlines()[0].split(",")
    assert "train.epochs" in columns
    assert len(columns) < 25
    project.run("git", "checkout", "--quiet", ".")
    project.run("dvc", "checkout", "--allow-missing")


@pytest.mark.slow
def test_a_running_training_shows_its_epochs_and_leaves_nothing(project):
    project.repro()
    project.set({"train": {"epochs": 500, "patience": 500}})
    definition = project.folder / "dvclive" / "dvc.yaml"
    with project.start("dvc", "repro", "train") as process:
        while process.poll() is None and not definition.exists():
            time.sleep(0.1)
        shown = project.run("dvc", "metrics", "show", "--json").splitlines()[-1]  # after warnings
        columns = project.run("dvc", "exp", "show", "--csv").splitlines()[0]
        plots = project.run("dvc", "plots", "show", "--json", "--out", "dvc_plots").splitlines()[-1]
        os.killpg(process.pid, signal.SIGINT)
        process.communicate()
    (workspace,) = json.loads(shown).values()
    live = workspace["data"]["dvclive/metrics.json"]["data"]
    assert live["step"] >= 1 and 0 <= live["validation"]["macro_f1"] <= 1
    assert "step" in columns.split(",")
    assert any(name.startswith("dvclive/plots/metrics") for name in json.loads(plots)["data"])
    assert not definition.parent.exists()
    project.set({"train": {"epochs": 2, "patience": None}})
    assert project.repro() == ["ingest"]  # train comes from the cache


@pytest.mark.slow
def test_an_experiment_is_one_command(project):
    project.run("dvc", "exp", "run", "--name", "alone", "-S", "network.landmark=false")
    assert "alone" in project.run("dvc", "exp", "show", "--csv")
    project.run("git", "checkout", "--quiet", ".")
    project.run("dvc", "checkout", "--allow-missing")


@pytest.mark.slow
def test_two_runs_give_equal_bytes(project, tmp_path, new_project):
    other = new_project(tmp_path / "two", 2)
    other.repro()
    project.repro()
    assert other.outputs() == project.outputs()
