"""A recognizer in a file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from fer3d.errors import UserError
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.checkpoint import (
    TrainedNetwork,
    load_trained,
    read_preprocessing,
    save_trained,
)
from fer3d.training.rounded import Rounding


@pytest.fixture
def trained() -> TrainedNetwork:
    torch.manual_seed(0)
    config = NetworkConfig(shading=False, dropout=0.1, image_channels=1)
    network = FusionNetwork(config, 2, image_size=32, shading_size=32)
    network.branches["landmark"].standardize_by(torch.rand(2278), torch.rand(2278))
    return TrainedNetwork(network.eval(), ("anger", "fear"), 32, 32, {"seed": 3, "loss": "focal"})


def test_it_predicts_the_same_from_the_file_alone(trained: TrainedNetwork, tmp_path: Path) -> None:
    save_trained(trained, tmp_path / "model.safetensors")
    loaded = load_trained(tmp_path / "model.safetensors")
    inputs = {"image": torch.rand(2, 3, 32, 32), "landmarks": torch.rand(2, 68, 2)}
    assert torch.equal(loaded.network(**inputs), trained.network(**inputs))
    assert not loaded.network.training
    assert loaded.network.config == trained.network.config
    assert (loaded.classes, loaded.image_size) == (("anger", "fear"), 32)
    assert loaded.training == {"seed": 3, "loss": "focal"}


def test_recognizers_from_before_there_were_features_are_read(trained, tmp_path: Path) -> None:
    file, old = tmp_path / "model.safetensors", tmp_path / "old.safetensors"
    save_trained(trained, file)
    with safe_open(file, framework="pt") as opened:
        about = json.loads(opened.metadata()["fer3d"])
        state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    del about["features"], about["network"]["features"]
    save_file(state, old, {"fer3d": json.dumps(about)})
    assert load_trained(old).network.config == trained.network.config


def test_its_preprocessing_is_read_without_its_weights(
    trained: TrainedNetwork, tmp_path: Path
) -> None:
    known = {"align": {"size": 32, "crop": None}}
    save_trained(replace(trained, preprocessing=known), tmp_path / "model.safetensors")
    assert read_preprocessing(tmp_path / "model.safetensors") == known
    with pytest.raises(UserError, match="dvc repro train"):
        read_preprocessing(tmp_path / "other.safetensors")


def test_equal_recognizers_give_equal_bytes(trained: TrainedNetwork, tmp_path: Path) -> None:
    trained.network.to(memory_format=torch.channels_last)
    save_trained(trained, tmp_path / "one")
    save_trained(load_trained(tmp_path / "one"), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut short"])
def test_another_file_is_a_users_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match="not a fer3d recognizer"):
        load_trained(tmp_path / "model.safetensors")


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="dvc repro train"):
        load_trained(tmp_path / "model.safetensors")


def test_another_format_is_a_users_error(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(1)}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match="of format 3"):
        load_trained(tmp_path / "model.safetensors")


def test_weights_of_another_network_are_a_users_error(
    trained: TrainedNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    save_trained(trained, path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    save_file({"weight": torch.ones(1)}, path, metadata)
    with pytest.raises(UserError, match="its weights do not fit its network"):
        load_trained(path)


def test_a_network_of_another_version_is_a_users_error(
    trained: TrainedNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    save_trained(trained, path)
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["fer3d"])
    about["network"]["whiskers"] = True
    save_file({"weight": torch.ones(1)}, path, {"fer3d": json.dumps(about)})
    with pytest.raises(UserError, match=r"another version of fer3d .*'whiskers'"):
        load_trained(path)


@pytest.mark.parametrize(("rounding", "share"), [("float16", 0.52), ("int8", 0.28)])
def test_rounded_weights_take_less_space_and_give_about_the_same(
    rounding: Rounding, share: float, trained: TrainedNetwork, tmp_path: Path
) -> None:
    whole, small = tmp_path / "whole", tmp_path / "small"
    save_trained(trained, whole)
    save_trained(trained, small, rounding=rounding)
    assert small.stat().st_size < share * whole.stat().st_size
    loaded = load_trained(small).network
    kinds = {values.dtype for values in loaded.state_dict().values()}
    assert kinds <= {values.dtype for values in trained.network.state_dict().values()}
    inputs = {"image": torch.rand(2, 3, 32, 32), "landmarks": torch.rand(2, 68, 2)}
    torch.testing.assert_close(
        loaded.probabilities(**inputs), trained.network.probabilities(**inputs), atol=5e-3, rtol=0
    )
