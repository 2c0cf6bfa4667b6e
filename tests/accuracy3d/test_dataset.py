"""Errors on a rendered data set, from the outputs of the stages and by the command."""

import json

import pytest

from fer3d.accuracy3d.dataset import MeasuredFolders, accuracy3d_dataset, accuracy3d_folder
from fer3d.accuracy3d.truth import Truths
from fer3d.alignment.align import align_dataset
from fer3d.datasets.params import SourceParams
from fer3d.errors import UserError
from fer3d.files.manifest import write
from fer3d.files.packed import read_manifest
from fer3d.machine.settings import Settings
from fer3d.reconstruction.reconstruct import reconstruct_dataset
from fer3d.relighting.relight import relight_dataset
from fer3d.synthesis.generate import synthesize
from fer3d.synthesis.params import SynthesizeParams
from fer3d.toolbox import Toolbox

PARAMS = SynthesizeParams(
    seed=3,
    images={"happiness": 2, "neutral": 2},
    size=128,
    max_yaw_deg=40,
    duplicate_fraction=0.25,
    conflicting_duplicates=0,
)


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Settings:
    return Settings(workers=1, store=str(tmp_path_factory.mktemp("store")))


@pytest.fixture(scope="module")
def made(tmp_path_factory, assets_dir, defaults, local) -> MeasuredFolders:
    """The stages on four rendered images and a copy of one of them."""
    top = tmp_path_factory.mktemp("data")
    toolbox = Toolbox(assets_dir, settings=local)
    synthesize(top, PARAMS, toolbox)
    frame = read_manifest(top / "truth")[["id", "path", "label", "sha1", "width", "height"]]
    write(frame.assign(split="train", subject=None), top / "manifest.parquet")
    folders = MeasuredFolders(top / "images", top / "align", top / "faces", top / "shadings")
    origin = SourceParams(source=str(folders.images), max_pixels=defaults.ingest.max_pixels)
    align_dataset(top / "manifest.parquet", origin, folders.aligned, defaults.align, toolbox)
    rows = read_manifest(folders.aligned)
    write(rows.assign(noise="", source_id=rows["id"]), folders.aligned / "manifest.parquet")
    reconstruct_dataset(folders.aligned, folders.faces, defaults.reconstruct, toolbox)
    relight_dataset(folders.faces, folders.shadings, defaults.relight, toolbox)
    return folders


def test_the_stage_and_the_command_agree(made, assets_dir, defaults, local, pipeline):
    stage = accuracy3d_dataset(made, defaults.relight, Toolbox(assets_dir, settings=local))
    command = accuracy3d_folder(made.images.parent, pipeline, local)
    assert stage["images"] == 5 and command["images"] == 4  # the command leaves the copy out
    assert stage["reconstructed"] == 5
    assert stage["landmark_nme_percent"]["0-60"] < 6
    assert stage["visibility_iou"]["0-60"] > 0.85
    assert command["landmark_nme_percent"]["0-60"] == pytest.approx(
        stage["landmark_nme_percent"]["0-60"], abs=1.5
    )
    json.dumps(stage, allow_nan=False)


def test_without_truth_there_is_nothing_to_measure(made, assets_dir, defaults, local, tmp_path):
    own = MeasuredFolders(tmp_path / "mine", made.aligned, made.faces, made.shadings)
    assert accuracy3d_dataset(own, defaults.relight, Toolbox(assets_dir, settings=local)) == {
        "images": 0
    }
    (tmp_path / "truth").mkdir()  # of something else
    assert accuracy3d_dataset(own, defaults.relight, Toolbox(assets_dir, settings=local)) == {
        "images": 0
    }


def test_the_command_says_what_is_missing(tmp_path, pipeline, local):
    with pytest.raises(UserError, match="no folder 'truth'"):
        accuracy3d_folder(tmp_path, pipeline, local)


def test_a_truth_of_other_bytes_is_not_used(made):
    truths = Truths.open(made.images.parent / "truth")
    frame = truths.frame
    assert truths.rows(frame["path"], frame["sha1"]).tolist() == list(range(5))
    assert (truths.rows(frame["path"], "0" * 40 + frame["sha1"].str[:0]) == -1).all()
