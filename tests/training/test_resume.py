"""A killed training continues and ends like an uninterrupted one."""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partialmethod
from pathlib import Path

import pytest
import torch

from fer3d.files.folders import Folders
from fer3d.networks.config import NetworkConfig
from fer3d.training import resume
from fer3d.training.config import TrainConfig
from fer3d.training.data import ExpressionData
from fer3d.training.fit import fit, save
from fer3d.training.module import ExpressionModule
from fer3d.training.resume import epochs_behind, finish, state_file
from fer3d.training.trainer import Runtime

SCRIPT = Path(__file__).with_name("run_fit.py")
FILES = ("model.safetensors", "curves.csv", "train.json")
EPOCHS = 8
LANDMARK = NetworkConfig(base=False, shading=False)
QUICK = TrainConfig(epochs=3, batch_size=16, patience=2, schedule="constant")


def _start(folders: Folders, out: Path, *off: str, devices: int = 1) -> subprocess.Popen:
    arguments = [folders.images, folders.faces, folders.shadings, out, EPOCHS, devices, *off]
    return subprocess.Popen(
        [sys.executable, SCRIPT, *map(str, arguments)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(SCRIPT.parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _finish(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    return output


def _saved(state: Path) -> dict[Path, int]:
    """The states, with the times at which they were written."""
    with contextlib.suppress(FileNotFoundError):  # one is replaced just now
        return {path: path.stat().st_mtime_ns for path in state.glob("*.ckpt")}
    return {}


def _kill_once_it_saves(state: Path, process: subprocess.Popen, after: float) -> None:
    until, before = time.monotonic() + 600, _saved(state)
    while _saved(state) in ({}, before):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.slow
def test_a_training_killed_twice_ends_with_the_bytes_of_one_that_was_not(
    folders: Folders, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    _finish(_start(folders, whole))
    for after in (0.05, 0.4):
        process = _start(folders, killed)
        _kill_once_it_saves(killed / "state", process, after)
        assert process.returncode == -signal.SIGKILL
        assert not (killed / "model.safetensors").exists()
    _finish(_start(folders, killed))
    for name in FILES:
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    assert [path.suffixes for path in (killed / "state").iterdir()] == [[".finished", ".ckpt"]]


def _fit(
    folders: Folders, out: Path, train: TrainConfig = QUICK, state: Path | None = None
) -> dict:
    made = fit(folders, LANDMARK, train, runtime=Runtime(state=state, progress=False))
    save(made, out / "model.safetensors", out / "curves.csv")
    return dict(made.metrics)


@pytest.fixture
def left(folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the state of a training that was over, but had not yet written its result."""
    folder = tmp_path / "state"
    monkeypatch.setattr("fer3d.training.fit.save_trained", _power_cut)
    with pytest.raises(KeyboardInterrupt):
        _fit(folders, tmp_path / "cut", replace(QUICK, epochs=40), state=folder)
    monkeypatch.undo()
    assert len(list(folder.glob("*.ckpt"))) == 1
    return folder


def _power_cut(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("epochs", [3, 40])
def test_a_training_that_is_over_is_not_trained_again(
    epochs: int, folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, state = replace(QUICK, epochs=epochs), tmp_path / "state"
    first = _fit(folders, tmp_path / "first", train, state=state)
    assert first["epochs"] <= min(epochs, 39)  # of 40, early stopping ends it
    monkeypatch.setattr("fer3d.training.module.ExpressionModule.training_step", _power_cut)
    assert _fit(folders, tmp_path / "again", train, state=state) == first
    one, other = (tmp_path / name / "model.safetensors" for name in ("first", "again"))
    assert one.read_bytes() == other.read_bytes()


def test_a_training_that_was_over_but_not_saved_is_not_trained_further(
    left: Path, folders: Folders, tmp_path: Path
) -> None:
    train = replace(QUICK, epochs=40)
    resumed = _fit(folders, tmp_path / "resumed", train, state=left)
    assert resumed["epochs"] < 40
    assert resumed == _fit(folders, tmp_path / "whole", train)
    one, other = (tmp_path / name / "model.safetensors" for name in ("resumed", "whole"))
    assert one.read_bytes() == other.read_bytes()


def test_a_training_whose_batches_are_read_ahead_goes_on_in_the_same_order(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU on which the set does not fit: other processes read from memory maps."""
    monkeypatch.setattr(ExpressionData, "place_on", partialmethod(_mapped, ExpressionData.place_on))
    monkeypatch.setattr(ExpressionData, "_reads_ahead", lambda self: True)
    train, state = replace(QUICK, epochs=4, patience=9), tmp_path / "state"
    _fit(folders, tmp_path / "whole", train)
    step = ExpressionModule.training_step

    def cut(self: ExpressionModule, batch: dict, batch_idx: int) -> torch.Tensor:
        if self.current_epoch == 2:
            raise KeyboardInterrupt
        return step(self, batch, batch_idx)

    monkeypatch.setattr(ExpressionModule, "training_step", cut)
    with pytest.raises(BaseException):  # noqa: B017 - Lightning has its own interrupt
        _fit(folders, tmp_path / "cut", train, state=state)
    monkeypatch.setattr(ExpressionModule, "training_step", step)
    _fit(folders, tmp_path / "resumed", train, state=state)
    curves = [(tmp_path / name / "curves.csv").read_text() for name in ("whole", "resumed")]
    assert curves[0] == curves[1]


def _mapped(data: ExpressionData, place_on: Callable, *where: object) -> None:
    place_on(data, *where, mapped=True)


def test_states_that_nobody_will_ask_for_are_removed(tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    abandoned = [tmp_path / "0.ckpt", tmp_path / "steps" / "dtan.ckpt"]
    for path in (*abandoned, tmp_path / "1.ckpt"):
        path.write_bytes(b"state")
    for path in abandoned:
        os.utime(path, (0, 0))
    for name in "abc":
        (tmp_path / f"{name}.ckpt").write_bytes(b"state")
        finish(tmp_path / f"{name}.ckpt")
        time.sleep(0.01)  # their age is told by their time
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"1.ckpt", "b.finished.ckpt", "c.finished.ckpt"}


def test_a_damaged_state_is_reported_and_left_aside(
    left: Path, folders: Folders, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (path,) = left.glob("*.ckpt")
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for damaged in (content[:middle], b"", b"garbage", flipped):
        path.write_bytes(damaged)
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="fer3d"):
            assert epochs_behind(path) == 0
        assert "training starts from the beginning" in caplog.text
    train = replace(QUICK, epochs=40)
    assert _fit(folders, tmp_path / "a", train, state=left) == _fit(folders, tmp_path / "b", train)


def test_a_state_depends_on_every_module_of_a_training(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict] = []
    monkeypatch.setattr(resume, "sha256_json", lambda key: seen.append(key) or "name")
    state_file(tmp_path, folders, {"network": {"vertices": False, "features": False}})
    ours = {name for name in sys.modules if name.startswith(("fer3d.networks", "fer3d.training"))}
    ours -= {name for name in ours if name.startswith("fer3d.networks.compared")}
    assert {name for name in ours if not hasattr(sys.modules[name], "__path__")} <= set(
        seen[0]["code"]
    )


def test_a_state_of_other_inputs_or_parameters_is_not_used(
    folders: Folders, tmp_path: Path
) -> None:
    copies = Folders(*(
        Path(shutil.copytree(folder, tmp_path / folder.name))
        for folder in (folders.images, folders.faces, folders.shadings)
    ))  # fmt: skip

    def parts(seed: int) -> dict:
        return {"network": {"vertices": False, "features": False}, "train": {"seed": seed}}

    first = state_file(tmp_path, folders, parts(0))
    assert state_file(tmp_path, copies, parts(0)) == first
    assert state_file(tmp_path, copies, parts(1)) != first
    with (copies.shadings / "shading.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x07")
    assert state_file(tmp_path, copies, parts(0)) != first


def test_without_a_folder_nothing_is_left(folders: Folders, tmp_path: Path) -> None:
    _fit(folders, tmp_path / "out", replace(QUICK, epochs=1))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "model.safetensors",
        "curves.csv",
    }
