"""`fer3d store`, and that it knows what a checkout needs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner, Result

from fer3d import params as parameters
from fer3d.alignment import align
from fer3d.alignment.align import align_dataset
from fer3d.commands.needed import Checkout, needed_keys
from fer3d.commands.store import app
from fer3d.errors import UserError
from fer3d.face3d import reconstruct
from fer3d.face3d.reconstruct import reconstruct_dataset
from fer3d.face3d.relight import relight_dataset
from fer3d.files import manifest
from fer3d.files.digests import sha1_bytes
from fer3d.machine.settings import Settings
from fer3d.rowwise.compute import keys
from fer3d.rowwise.sources import PackedSource
from fer3d.store import upkeep
from fer3d.store.objects import key_of, name_of, open_store

PHOTOS = Path(__file__).parents[1] / "alignment" / "data" / "synthetic"
STRANGE = "ab" + "0" * 62  # a key that no checkout needs
STAGE = {"cmd": "cp params.yaml made", "deps": ["params.yaml"], "outs": ["made"]}


def run(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=answer)


def dvc(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *arguments, "--quiet"], check=True)


def split(photos: Path) -> pd.DataFrame:
    rows = [
        {
            "id": path.stem,
            "path": path.name,
            "label": path.stem.split("_")[0],
            "sha1": sha1_bytes(path.read_bytes()),
            "split": manifest.TRAIN,
            "width": cv2.imread(str(path)).shape[1],
            "height": cv2.imread(str(path)).shape[0],
        }
        for path in sorted(photos.iterdir())
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def checkout(tmp_path, monkeypatch, repository, assets_dir) -> Checkout:
    """Three images, run through the slow stages, and a DVC pipeline that is up to date."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER3D_STORE", str(tmp_path / "store"))
    values = yaml.safe_load((repository / "params.yaml").read_text())
    values["ingest"]["source"] = "photos"
    Path("params.yaml").write_text(yaml.safe_dump(values))
    params, settings = parameters.load(Path("params.yaml")), Settings(workers=1, store="store")

    photos, data = Path("photos"), Path("data")
    photos.mkdir()
    for name in ("anger_0000", "happiness_0001", "surprise_0002"):
        shutil.copy(PHOTOS / f"{name}.jpg", photos)
    manifest.write(split(photos), data / "split" / "manifest.parquet")
    (data / "assets").symlink_to(assets_dir)
    limit = params.ingest.max_pixels
    table, aligned = data / "split" / "manifest.parquet", data / "align"
    align_dataset(table, photos, aligned, data / "assets", params.align, settings, limit)
    shutil.copytree(aligned, data / "balance")
    faces = data / "reconstruct"
    reconstruct_dataset(data / "balance", faces, data / "assets", params.reconstruct, settings)
    relight_dataset(faces, data / "relight", data / "assets", params.relight, settings)

    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"reconstruct": STAGE}}))
    dvc("init", "--no-scm")
    dvc("repro")
    return Checkout(Path(), params)


def kept() -> set[str]:
    store = open_store("store")
    entries = upkeep.prunable(store, upkeep.folders(store), lambda _: None, needed=set())
    return {key_of(entry.name) for entry in entries}


def on_gpu(checkout: Checkout) -> set[str]:
    """Keys of the results that a machine with a GPU keeps of the same data."""
    assets, data, params = Path("data/assets"), Path("data"), checkout.params
    aligner = align.producer(params.align, assets, params.ingest.max_pixels, "cuda")
    frame = manifest.read(data / "split" / "manifest.parquet")
    faces = reconstruct.producer(params.reconstruct, assets, device="cuda")
    return {
        *keys(aligner, align.source(frame, Path("photos"), "cuda")),
        *keys(faces, PackedSource(data / "balance", faces.inputs)),
    }


def test_prune_keeps_what_the_stages_look_up_and_nothing_else(checkout):
    store = open_store("store")
    made = kept()
    assert len(made) == 9  # three stages, three images
    known = needed_keys(checkout)
    assert known.keys == made | on_gpu(checkout) and known.unknown == ()

    store.write_many("test 1", {STRANGE: {"x": np.arange(3)}})
    refused = run("prune", "--unused", answer="n\n")
    assert "1 files" in refused.output and "Remove them?" in refused.output
    assert kept() == made | {STRANGE}
    assert run("prune", "--unused", "--older-than", "1h", "--yes").exit_code == 0
    assert kept() == made | {STRANGE}  # too young
    assert "removed 1 of 1 files" in run("prune", "--unused", answer="y\n").output
    assert kept() == made

    store.write_many("test 1", {STRANGE: {"x": np.arange(3)}})
    assert run("prune", "--older-than", "0h", "--yes").exit_code == 0
    assert kept() == made

    Path("params.yaml").write_text(Path("params.yaml").read_text() + "\n# changed\n")
    stale = run("prune", "--unused", "--yes")
    assert isinstance(stale.exception, UserError)
    assert "these stages are not up to date: reconstruct" in str(stale.exception)
    shutil.rmtree("data/balance")
    partly = run("prune", "--older-than", "0h", "--yes")
    assert "known in part only" in partly.output and partly.exit_code == 0
    assert len(kept()) == 6  # what reconstruct would look up is not known any more


def test_prune_keeps_what_a_gpu_computed(checkout):
    known = on_gpu(checkout)
    assert len(known) == 6  # of align and reconstruct: relight has no network
    open_store("store").write_many("test 1", {key: {"x": np.arange(3)} for key in known})
    made = kept()
    assert "0 files" in run("prune", "--unused", "--yes").output
    assert kept() == made and known <= made


def test_prune_keeps_what_the_folds_look_up(checkout):
    before = kept()
    fold = Path("data/experiments/folds/0")
    images = np.load("data/balance/images.npy")
    shutil.copytree("data/balance", fold / "balance")
    np.save(fold / "balance" / "images.npy", np.roll(images, 1, axis=2))  # copies with other noise
    assets, params = Path("data/assets"), checkout.params
    settings = Settings(workers=1, store="store")
    faces = fold / "reconstruct"
    reconstruct_dataset(fold / "balance", faces, assets, params.reconstruct, settings)
    relight_dataset(faces, fold / "relight", assets, params.relight, settings)
    made = kept()
    assert len(made - before) == 6  # two stages, three images
    (fold.parent / ".gitignore").touch()  # DVC's

    unknown = run("prune", "--unused", "--yes")  # no pipeline that could tell
    assert "does not know" in str(unknown.exception) and kept() == made
    pipeline = Path("experiments/folds/dvc.yaml")
    pipeline.parent.mkdir(parents=True)
    pipeline.write_text(yaml.safe_dump({"stages": {"fold": STAGE | {"deps": ["../../made"]}}}))
    shutil.copy("params.yaml", pipeline.parent)
    stale = run("prune", "--unused", "--yes")
    assert "not up to date: experiments/folds/dvc.yaml:fold" in str(stale.exception)
    dvc("repro", str(pipeline))
    assert "0 files" in run("prune", "--unused", "--yes").output
    assert kept() == made

    shutil.rmtree(faces)
    gone = run("prune", "--unused", "--yes")
    assert "folds/0/reconstruct or" in str(gone.exception) and kept() == made


def test_prune_wants_to_know_what_may_go(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER3D_STORE", str(tmp_path))
    assert "--older-than 30d, --unused" in str(run("prune").exception)


def test_prune_refuses_where_there_is_no_data(tmp_path, monkeypatch, repository):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER3D_STORE", str(tmp_path / "store"))
    shutil.copy(repository / "params.yaml", tmp_path)
    open_store("store").write_many("test 1", {STRANGE: {}})
    done = run("prune", "--unused", "--yes")
    assert "cannot be known" in str(done.exception) and "is not there" in str(done.exception)
    assert kept() == {STRANGE}


def test_stats_and_verify(store, monkeypatch, tmp_path, objects):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER3D_STORE", store.address)
    store.write_many("test 1", objects)
    assert "test 1" in run("stats").output
    told = json.loads(CliRunner().invoke(app, ["stats", "--json"]).stdout)
    assert told["store"] == store.address
    assert told["files"]["object"]["files"] == told["producers"]["test 1"]["files"] == 20
    whole = run("verify")
    assert (whole.exit_code, "whole: 20, damaged: 0" in whole.output) == (0, True)

    victim = next(iter(objects))
    store.files.write({name_of(victim): b"damaged"})
    found = run("verify")
    assert found.exit_code == 1
    assert store.path(victim) in found.output and "whole: 19, damaged: 1" in found.output
    assert run("verify").exit_code == 0


def test_a_store_that_is_switched_off_has_nothing_to_show(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER3D_STORE", "none")
    assert "switched off" in str(run("stats").exception)
