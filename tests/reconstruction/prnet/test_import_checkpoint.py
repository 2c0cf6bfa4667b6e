"""Conversion of the authors' files to PRN's model file; with TensorFlow, from a real checkpoint."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fer3d.cli import typer_app
from fer3d.errors import UserError
from fer3d.reconstruction.prnet import files
from fer3d.reconstruction.prnet.import_checkpoint import (
    CHECKPOINT_FILES,
    import_checkpoint,
    read_checkpoint,
)
from fer3d.reconstruction.prnet.network import variable_shapes


def write_tables(folder: Path, tables) -> None:
    """Text files as the authors have them."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savetxt(folder / "face_ind.txt", tables.face_ind)
    np.savetxt(folder / "uv_kpt_ind.txt", tables.uv_kpt_ind)


def refusal(folder: Path, out: Path) -> str:
    """The message of an import that must fail, on one line, with nothing written."""
    with pytest.raises(UserError) as caught:
        import_checkpoint(folder, out)
    assert "\n" not in str(caught.value)
    assert not list(out.parent.glob("*.npz*"))
    return str(caught.value)


@pytest.fixture
def published(tables, tmp_path) -> Path:
    """A folder as the authors' repository has it, its checkpoint empty."""
    write_tables(tmp_path / "Data/uv-data", tables)
    (tmp_path / "Data/net-data").mkdir()
    for name in CHECKPOINT_FILES:
        (tmp_path / "Data/net-data" / name).touch()
    return tmp_path


@pytest.mark.parametrize("name", ["face_ind.txt", "uv_kpt_ind.txt", *CHECKPOINT_FILES])
def test_a_missing_file_is_named_with_where_it_was_looked_for(published, tmp_path, name):
    next(published.rglob(name)).unlink()
    message = refusal(published, tmp_path / "prnet.npz")
    assert message.startswith(f"{name} is missing")
    assert str(published / "Data/net-data") in message


def test_wrong_tables_are_refused(published, tmp_path, tables):
    np.savetxt(published / "Data/uv-data/face_ind.txt", tables.face_ind[:45])
    assert "expected 43867 numbers" in refusal(published, tmp_path / "prnet.npz")
    (published / "Data/uv-data/face_ind.txt").write_text("version https://git-lfs\n")
    assert "expected a table of numbers" in refusal(published, tmp_path / "prnet.npz")


def test_without_tensorflow_the_message_says_what_to_install(published, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    assert 'pip install -e ".[reference]"' in refusal(published, tmp_path / "prnet.npz")


def test_the_command_passes_the_message_on(tmp_path):
    done = CliRunner().invoke(typer_app, ["assets", "import-prnet", str(tmp_path)])
    assert isinstance(done.exception, UserError)
    assert "face_ind.txt is missing" in str(done.exception)


@pytest.fixture(scope="module")
def checkpoint(reference, tmp_path_factory) -> Path:
    """A TensorFlow checkpoint of the authors' variables, random."""
    pytest.importorskip("tensorflow", reason="needs the extra `reference`")
    folder = tmp_path_factory.mktemp("checkpoint")
    return reference.write_checkpoint(folder, reference.weights(1))


@pytest.mark.reference
def test_a_checkpoint_becomes_the_model_file(checkpoint, tables, model_file, tmp_path):
    write_tables(checkpoint.parent / "uv-data", tables)
    import_checkpoint(checkpoint.parent, tmp_path / "models" / files.MODEL)
    assert (tmp_path / "models" / files.MODEL).read_bytes() == model_file.read_bytes()


@pytest.mark.reference
def test_optimizer_state_is_left_out(checkpoint):
    assert set(read_checkpoint(checkpoint)) == set(variable_shapes())


@pytest.mark.reference
@pytest.mark.parametrize("name", CHECKPOINT_FILES)
@pytest.mark.parametrize("share", [0.0, 0.6])
def test_a_truncated_checkpoint_is_refused(checkpoint, published, tmp_path, name, share):
    for file in CHECKPOINT_FILES:
        shutil.copyfile(checkpoint.parent / file, published / "Data/net-data" / file)
    cut = published / "Data/net-data" / name
    cut.write_bytes(cut.read_bytes()[: int(share * cut.stat().st_size)])
    assert "damaged or truncated" in refusal(published, tmp_path / "prnet.npz")


@pytest.mark.reference
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop("resfcn256/resBlock_3/Conv_1/weights"), "is missing"),
        (
            lambda weights: weights.update({"resfcn256/Conv/weights": np.zeros(3, np.float32)}),
            r"of shape \(4, 4, 3, 16\), got \(3,\)",
        ),
        (
            lambda weights: weights["resfcn256/Conv/BatchNorm/beta"].fill(np.nan),
            "finite float32 values in resfcn256/Conv/BatchNorm/beta",
        ),
    ],
)
def test_another_network_is_refused(reference, tmp_path, change, message):
    pytest.importorskip("tensorflow", reason="needs the extra `reference`")
    weights = reference.weights(0)
    change(weights)
    with pytest.raises(UserError, match=message) as caught:
        read_checkpoint(reference.write_checkpoint(tmp_path, weights))
    assert "\n" not in str(caught.value)
