"""Two processes train one network together."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from fer3d.files.folders import Folders
from fer3d.training.checkpoint import load_trained

pytestmark = pytest.mark.slow  # each training starts two processes

SCRIPT = Path(__file__).with_name("run_fit.py")
EPOCHS = 8


def _train(folders: Folders, out: Path, devices: int) -> dict:
    arguments = [folders.images, folders.faces, folders.shadings, out, EPOCHS, devices]
    done = subprocess.run(
        [sys.executable, SCRIPT, *map(str, arguments)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(SCRIPT.parents[2])},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((out / "train.json").read_text())


def _train_loss(out: Path) -> pd.Series:
    return pd.read_csv(out / "curves.csv")["train_loss"]


@pytest.fixture(scope="module")
def together(folders: Folders, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("together")
    _train(folders, out, devices=2)
    return out


def test_both_processes_end_with_the_same_network(together: Path) -> None:
    one, other = (torch.load(together / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert set(one) == set(other)
    for name in one:
        assert torch.equal(one[name], other[name]), name


def test_they_learn_what_one_process_learns(
    together: Path, folders: Folders, tmp_path: Path
) -> None:
    ours = json.loads((together / "train.json").read_text())
    alone = _train(folders, tmp_path, devices=1)
    assert ours["epochs"] == alone["epochs"] == EPOCHS
    assert ours["parameters"] == alone["parameters"]
    shared, single = (_train_loss(out) for out in (together, tmp_path))
    assert shared.iloc[-1] < 0.7 * shared.iloc[0]
    assert shared.iloc[-1] == pytest.approx(single.iloc[-1], rel=0.3)
    assert load_trained(together / "model.safetensors").classes == ("anger", "fear", "surprise")


def test_two_runs_give_equal_bytes(together: Path, folders: Folders, tmp_path: Path) -> None:
    _train(folders, tmp_path, devices=2)
    for name in ("model.safetensors", "curves.csv", "train.json"):
        assert (tmp_path / name).read_bytes() == (together / name).read_bytes()
