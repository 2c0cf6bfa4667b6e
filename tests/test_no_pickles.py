"""A pickle in place of a file that fer3d reads is never loaded."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from fer3d.errors import UserError
from fer3d.files.images import Rejected, decode
from fer3d.files.packed import open_arrays, read_manifest
from fer3d.store import encoding
from fer3d.training.checkpoint import load_trained
from fer3d.training.resume import epochs_behind


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self) -> tuple:
        return Path.touch, (self.mark,)


@pytest.fixture
def mark(tmp_path):
    """The file that must not appear."""
    path = tmp_path / "ran"
    yield path
    assert not path.exists()


@pytest.fixture(params=["pickle", "torch"])
def planted(request, tmp_path, mark) -> Path:
    path = tmp_path / "planted"
    if request.param == "torch":
        torch.save({"epoch": Bomb(mark), "state_dict": {}}, path)
    else:
        path.write_bytes(pickle.dumps(Bomb(mark)))
    return path


def test_the_bomb_would_go_off(tmp_path):
    pickle.loads(pickle.dumps(Bomb(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


def test_a_recognizer(planted):
    with pytest.raises(UserError, match="is not a fer3d recognizer"):
        load_trained(planted)


def test_a_training_state(planted):
    assert epochs_behind(planted) == 0


def test_an_object_of_the_store(planted):
    with pytest.raises(encoding.DamagedObject):
        encoding.decode("0" * 64, planted.read_bytes())


def test_a_manifest_and_an_image(planted, tmp_path):
    (tmp_path / "packed").mkdir()
    planted.rename(tmp_path / "packed/manifest.parquet")
    with pytest.raises(UserError):
        read_manifest(tmp_path / "packed")
    with pytest.raises(Rejected):
        decode((tmp_path / "packed/manifest.parquet").read_bytes())


def test_packed_arrays(tmp_path, mark):
    (tmp_path / "manifest.parquet").touch()
    np.save(tmp_path / "images.npy", np.array([Bomb(mark)], object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        open_arrays(tmp_path, "images")
