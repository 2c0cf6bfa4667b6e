"""Training on a set with visible labels: they are learned, and two runs give equal bytes."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fer3d.errors import UserError
from fer3d.files.folders import Folders
from fer3d.networks.branches.landmark import landmark_features
from fer3d.networks.config import BRANCHES, NetworkConfig
from fer3d.networks.inputs import to_inputs
from fer3d.training.arrays import open_set
from fer3d.training.checkpoint import load_trained
from fer3d.training.config import TrainConfig
from fer3d.training.course import CURVES
from fer3d.training.data import ExpressionData
from fer3d.training.fit import fit, save
from fer3d.training.standardization import landmark_scale
from fer3d.training.trainer import Runtime

MakeSet = Callable[..., Folders]
DIVERGED = r"diverged in epoch 1 \(the loss is not finite\): lower train\.learning_rate"
QUICK = TrainConfig(epochs=10, batch_size=16, learning_rate=0.001)


def _fit(folders: Folders, out: Path, network: NetworkConfig, train: TrainConfig) -> dict:
    made = fit(folders, network, train, runtime=Runtime(progress=False))
    save(made, out / "model.safetensors", out / "curves.csv")
    return dict(made.metrics)


def _validation_accuracy(folders: Folders, checkpoint: Path) -> float:
    trained = load_trained(checkpoint)
    data = ExpressionData(open_set(folders), batch_size=64, seed=0)
    batch = data.validation[list(range(len(data.validation)))]
    predicted = trained.network.probabilities(**to_inputs(batch)).argmax(dim=1)
    return (predicted == batch["label"]).double().mean().item()


@pytest.mark.parametrize("branch", BRANCHES)
def test_each_branch_alone_learns_what_is_there_to_see(
    branch: str, folders: Folders, tmp_path: Path
) -> None:
    off = dict.fromkeys(BRANCHES, False)
    metrics = _fit(folders, tmp_path, NetworkConfig(**off | {branch: True}), QUICK)
    assert metrics["validation"]["macro_f1"] > 0.9


def test_the_whole_network_learns_with_focal_loss_and_sgd(folders: Folders, tmp_path: Path) -> None:
    train = replace(QUICK, loss="focal", optimizer="sgd", learning_rate=0.05, schedule="constant")
    metrics = _fit(folders, tmp_path, NetworkConfig(), train)
    assert metrics["validation"]["macro_f1"] > 0.9


def test_the_whole_network_learns_from_mixed_faces(folders: Folders, tmp_path: Path) -> None:
    train = replace(QUICK, cut_mix=0.5, mix_up=0.3)
    metrics = _fit(folders, tmp_path, NetworkConfig(vertices=True, features=True), train)
    assert metrics["validation"]["macro_f1"] > 0.9
    curves = pd.read_csv(tmp_path / "curves.csv")
    # the labels of mixed faces are not all that is there to see
    assert curves["train_accuracy"].iloc[-1] < curves["validation_accuracy"].iloc[-1] - 0.1


def test_the_papers_network_has_no_coarse_epochs(folders: Folders) -> None:
    with pytest.raises(UserError, match=r"train.coarse_epochs: .* set it to 0"):
        fit(folders, NetworkConfig(), TrainConfig(coarse_epochs=0.5))


def test_two_runs_give_equal_bytes_whatever_ran_before(folders: Folders, tmp_path: Path) -> None:
    train = replace(QUICK, epochs=2)
    results = []
    for run in ("one", "two"):
        torch.rand(17)
        np.random.seed(5)
        metrics = _fit(folders, tmp_path / run, NetworkConfig(), train)
        files = sorted(path for path in (tmp_path / run).iterdir())
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
        results.append((metrics, digests))
    assert results[0] == results[1]
    assert _fit(folders, tmp_path, NetworkConfig(), replace(train, seed=1)) != results[0][0]


def test_mixed_precision_learns_twice_the_same_and_keeps_whole_weights(
    folders: Folders, tmp_path: Path
) -> None:
    train = replace(QUICK, epochs=2, precision="bfloat16")
    runs = [_fit(folders, tmp_path / run, NetworkConfig(), train) for run in ("one", "two")]
    assert runs[0] == runs[1]
    assert runs[0] != _fit(folders, tmp_path, NetworkConfig(), replace(train, precision="float32"))
    one, two = ((tmp_path / run / "model.safetensors").read_bytes() for run in ("one", "two"))
    assert one == two
    weights = load_trained(tmp_path / "one" / "model.safetensors").network.parameters()
    assert {values.dtype for values in weights} == {torch.float32}


def test_the_precision_of_a_training_is_one_that_the_device_has(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = NetworkConfig(base=False, shading=False)
    for name, expected in (("avx512_bf16", "bfloat16"), ("amx_bf16", "bfloat16"), ("", "float32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda name=name: {name: True})
        train = replace(QUICK, epochs=1, precision="auto")
        assert _fit(folders, tmp_path, tiny, train)["precision"] == expected
        saved = load_trained(tmp_path / "model.safetensors").training
        assert saved["precision"] == expected


def test_slow_bfloat16_is_announced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = replace(QUICK, precision="bfloat16")
    for has in (True, False):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda has=has: {"avx512_bf16": has})
        assert Runtime().settled(wanted) == wanted
        assert ("no instructions for bfloat16" in caplog.text) != has


def test_training_leaves_pytorch_as_it_was(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, cudnn = torch.get_rng_state(), torch.backends.cudnn
    monkeypatch.setattr(cudnn, "benchmark", True)
    torch.use_deterministic_algorithms(True, warn_only=True)
    _fit(folders, tmp_path, NetworkConfig(base=False, shading=False), replace(QUICK, epochs=1))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    assert cudnn.benchmark
    assert torch.utils.deterministic.fill_uninitialized_memory


def test_the_best_epoch_is_kept_and_training_stops_after_patience(
    folders: Folders, tmp_path: Path
) -> None:
    train = replace(QUICK, epochs=30, patience=2, schedule="constant")
    metrics = _fit(folders, tmp_path, NetworkConfig(base=False, shading=False), train)
    curves = pd.read_csv(tmp_path / "curves.csv")
    assert list(curves.columns) == ["epoch", *CURVES]
    assert curves["epoch"].tolist() == list(range(1, metrics["epochs"] + 1))
    best = curves["validation_macro_f1"].idxmax()  # the first, where several are equal
    assert metrics["best_epoch"] == best + 1
    assert metrics["epochs"] == metrics["best_epoch"] + 2
    assert metrics["validation"]["macro_f1"] == curves["validation_macro_f1"][best]
    accuracy = _validation_accuracy(folders, tmp_path / "model.safetensors")
    assert accuracy == pytest.approx(metrics["validation"]["accuracy"], abs=1e-5)


def test_a_training_that_diverges_says_so_and_writes_nothing(
    folders: Folders, tmp_path: Path
) -> None:
    train = replace(QUICK, learning_rate=1e38)
    with pytest.raises(UserError, match=DIVERGED):
        _fit(folders, tmp_path, NetworkConfig(base=False, shading=False), train)
    assert list(tmp_path.iterdir()) == []


def test_the_checkpoint_says_all_that_prediction_needs(folders: Folders, tmp_path: Path) -> None:
    network = NetworkConfig(base=False, shading=False, dropout=0.2)
    metrics = _fit(folders, tmp_path, network, replace(QUICK, epochs=1))
    trained = load_trained(tmp_path / "model.safetensors")
    assert trained.classes == ("anger", "fear", "surprise")
    assert (trained.image_size, trained.shading_size) == (32, 32)
    assert trained.network.config == network
    assert trained.training["epochs"] == 1
    counted = sum(parameter.numel() for parameter in trained.network.parameters())
    assert metrics["parameters"] == counted


def test_garbage_in_test_rows_changes_no_weight(make_set: MakeSet, tmp_path: Path) -> None:
    network, train = NetworkConfig(base=False, shading=False), replace(QUICK, epochs=1)
    for name in ("clean", "spoiled"):
        folders = make_set(tmp_path / name, spoil_test=name == "spoiled")
        _fit(folders, tmp_path / f"{name}_out", network, train)
    files = [tmp_path / f"{name}_out" / "model.safetensors" for name in ("clean", "spoiled")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_set_without_any_face_can_be_trained_on(make_set: MakeSet, tmp_path: Path) -> None:
    folders = make_set(tmp_path / "set", reconstructed=False)
    network = NetworkConfig(base=False, shading=False)
    metrics = _fit(folders, tmp_path, network, replace(QUICK, epochs=1))
    assert np.isfinite(metrics["validation"]["loss"])


def test_distances_are_standardized_by_the_training_faces(folders: Folders) -> None:
    data = ExpressionData(open_set(folders), batch_size=8, seed=0)
    features = landmark_features(data.train.landmarks()[0])
    mean, spread = landmark_scale(data.train)
    torch.testing.assert_close(mean, features.mean(dim=0))
    torch.testing.assert_close(spread, features.std(dim=0, correction=0), rtol=1e-3, atol=1e-6)
