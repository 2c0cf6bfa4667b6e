"""The images of a fold."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer3d.balancing.balance import balance_dataset
from fer3d.errors import UserError
from fer3d.experiments.folds import fold_folders, make_fold, resplit
from fer3d.files.atomic import scratch_folder
from fer3d.files.packed import open_arrays, read_manifest
from fer3d.machine.settings import Settings
from fer3d.splitting.splits import split
from fer3d.toolbox import Toolbox


def test_a_fold_has_the_split_that_the_pipeline_would_give(
    tmp_path: Path, make_params, write_set
) -> None:
    write_set(tmp_path / "data")
    source = tmp_path / "data" / "align"
    params = make_params(split={"folds": 3})
    frame, arrays = read_manifest(source), open_arrays(source)
    for fold in range(3):
        resplit(source, fold, tmp_path / str(fold), params)
        resplit_frame = read_manifest(tmp_path / str(fold))
        expected, _ = split(frame, make_params(split={"folds": 3, "fold": fold}).split)
        pd.testing.assert_series_equal(resplit_frame["split"], expected["split"])
        unchanged = [name for name in frame.columns if name != "split"]
        pd.testing.assert_frame_equal(resplit_frame[unchanged], frame[unchanged])
        for name, values in open_arrays(tmp_path / str(fold)).items():
            np.testing.assert_array_equal(values, arrays[name])


FEW = {"fraction": 0.2, "mode": "add"}  # noisy copies, of each of three kinds


def leave_scratch_folder(target: Path) -> Path:
    """The scratch folder of a process that was killed."""
    with scratch_folder(target) as scratch:
        process = subprocess.Popen([sys.executable, "-c", ""])
        process.wait()
        *start, _, random, suffix = scratch.name.rsplit(".", 3)
        left = scratch.with_name(".".join((*start, str(process.pid), random, suffix)))
        (left / "align").mkdir(parents=True)
    return left


def test_a_fold_is_made_where_workers_see_it(
    tmp_path: Path, make_params, write_set, assets_dir: Path, monkeypatch
) -> None:
    """Files of an earlier, killed process are removed."""
    write_set(tmp_path / "data")
    out, sources = tmp_path / "fold", []
    left = leave_scratch_folder(out / "align")
    assert list(out.iterdir()) == [left]

    def balance(source: Path, *rest) -> None:
        sources.append(source)
        balance_dataset(source, *rest)

    monkeypatch.setattr("fer3d.experiments.folds.balance_dataset", balance)
    params = make_params(split={"folds": 3}, balance={"policy": {"fear": FEW}})
    settings = Settings(workers=1, store="none")
    toolbox = Toolbox(assets_dir, tmp_path / "brought", settings)
    make_fold(tmp_path / "data" / "align", 1, out, params, toolbox)
    assert sources[0].is_relative_to(out) and not sources[0].exists()
    assert sorted(path.name for path in out.iterdir()) == ["balance", "reconstruct", "relight"]
    parts = fold_folders(out)
    ids = [read_manifest(part)["id"].tolist() for part in vars(parts).values()]
    assert ids[0] == ids[1] == ids[2]
    chosen = make_params(split={"folds": 3, "fold": 1}).split
    expected, _ = split(read_manifest(tmp_path / "data" / "align"), chosen)
    made = read_manifest(parts.images)
    assert set(made["source_id"]) == set(expected["id"]) and len(made) > len(expected)
    for name in ("validation", "test"):
        rows = made[made["split"] == name]
        assert rows["id"].tolist() == expected["id"][expected["split"] == name].tolist()


def test_a_fold_that_is_not_there_is_a_users_error(tmp_path: Path, make_params) -> None:
    for folds in (None, 3):
        params = make_params(split={"folds": folds})
        with pytest.raises(UserError, match=f"no fold 3: split.folds is {folds}"):
            make_fold(tmp_path, 3, tmp_path / "out", params, Toolbox(tmp_path))
