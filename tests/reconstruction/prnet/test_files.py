"""PRN's model file."""

import numpy as np
import pytest

from fer3d.errors import UserError
from fer3d.reconstruction.prnet import files
from fer3d.reconstruction.prnet.network import variable_shapes

SHAPES = variable_shapes()


def test_what_was_written_is_read(model_file, reference, tables):
    variables = files.read_variables(model_file, SHAPES)
    expected = reference.weights(1)
    assert set(variables) == set(expected)
    assert all(np.array_equal(variables[name], expected[name]) for name in expected)
    assert np.array_equal(files.read_tables(model_file).face_ind, tables.face_ind)


def test_equal_content_gives_equal_bytes(model_file, reference, tables, tmp_path):
    files.write(tmp_path / "again.npz", reference.weights(1), tables)
    assert (tmp_path / "again.npz").read_bytes() == model_file.read_bytes()


def test_a_missing_file_says_how_to_bring_it(tmp_path):
    with pytest.raises(UserError, match=r"prnet\.npz is missing.*fer3d assets import-prnet"):
        files.model_file(tmp_path)
    with pytest.raises(ValueError, match="folder"):
        files.model_file(None)


@pytest.mark.parametrize("keep", [0, 100, 30_000_000])
def test_a_file_cut_short_is_refused(model_file, tmp_path, keep):
    (tmp_path / files.MODEL).write_bytes(model_file.read_bytes()[:keep])
    for read in (lambda file: files.read_variables(file, SHAPES), files.read_tables):
        with pytest.raises(UserError, match="is damaged") as caught:
            read(tmp_path / files.MODEL)
        assert "\n" not in str(caught.value)


def test_a_flipped_byte_is_noticed(model_file, tmp_path):
    data = bytearray(model_file.read_bytes())
    data[20_000_000] ^= 1
    (tmp_path / files.MODEL).write_bytes(data)
    with pytest.raises(UserError, match="is damaged"):
        files.read_variables(tmp_path / files.MODEL, SHAPES)


def test_no_object_is_unpickled(tmp_path):
    np.savez(tmp_path / files.MODEL, face_ind=np.array([{}]), uv_kpt_ind=np.zeros(2))
    with pytest.raises(UserError, match="is damaged"):
        files.read_tables(tmp_path / files.MODEL)


def test_another_network_is_refused(reference, tables, tmp_path):
    weights = reference.weights(0)
    weights["resfcn256/Conv/weights"] = np.zeros((3, 3, 3, 16), np.float32)
    files.write(tmp_path / files.MODEL, weights, tables)
    with pytest.raises(UserError, match=r"resfcn256/Conv/weights of shape \(4, 4, 3, 16\)"):
        files.read_variables(tmp_path / files.MODEL, SHAPES)
