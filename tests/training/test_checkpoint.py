"""A recognizer in a file."""

from pathlib import Path

import pytest
import torch

from fer3d.errors import UserError
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.checkpoint import TrainedNetwork, load_trained, save_trained


@pytest.fixture
def trained() -> TrainedNetwork:
    torch.manual_seed(0)
    config = NetworkConfig(shading=False, dropout=0.1, image_channels=1)
    network = FusionNetwork(config, 2, image_size=32, shading_size=32)
    network.branches["landmark"].standardize_by(torch.rand(2278), torch.rand(2278))
    return TrainedNetwork(network.eval(), ("anger", "fear"), 32, 32, {"seed": 3, "loss": "focal"})


def test_it_predicts_the_same_from_the_file_alone(trained: TrainedNetwork, tmp_path: Path) -> None:
    save_trained(trained, tmp_path / "model.ckpt")
    loaded = load_trained(tmp_path / "model.ckpt")
    inputs = {"image": torch.rand(2, 3, 32, 32), "landmarks": torch.rand(2, 68, 2)}
    assert torch.equal(loaded.network(**inputs), trained.network(**inputs))
    assert not loaded.network.training
    assert loaded.network.config == trained.network.config
    assert (loaded.classes, loaded.image_size) == (("anger", "fear"), 32)
    assert loaded.training == {"seed": 3, "loss": "focal"}


def test_equal_recognizers_give_equal_bytes(trained: TrainedNetwork, tmp_path: Path) -> None:
    trained.network.to(memory_format=torch.channels_last)
    save_trained(trained, tmp_path / "one.ckpt")
    save_trained(load_trained(tmp_path / "one.ckpt"), tmp_path / "two.ckpt")
    assert (tmp_path / "one.ckpt").read_bytes() == (tmp_path / "two.ckpt").read_bytes()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut short"])
def test_another_file_is_a_users_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(content)
    with pytest.raises(UserError, match="not a fer3d checkpoint"):
        load_trained(tmp_path / "model.ckpt")


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="dvc repro train"):
        load_trained(tmp_path / "model.ckpt")


def test_another_format_is_a_users_error(tmp_path: Path) -> None:
    torch.save({"format": 0}, tmp_path / "model.ckpt")
    with pytest.raises(UserError, match="format 2"):
        load_trained(tmp_path / "model.ckpt")
