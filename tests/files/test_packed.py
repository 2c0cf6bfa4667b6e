import pickle

import numpy as np
import pandas as pd
import pytest

from fer3d.errors import UserError
from fer3d.files.packed import PackedWriter, RowFiles, open_arrays, read_manifest, specs
from fer3d.files.specs import Spec


def table(rows: int) -> pd.DataFrame:
    ids = [f"{i:03}.jpg" for i in range(rows)]
    return pd.DataFrame(
        {"id": ids, "path": ids, "label": "anger", "sha1": "0" * 40, "width": 1, "height": 1}
    )


def test_rows_come_back_where_they_were_written(tmp_path):
    values = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    with PackedWriter(tmp_path / "packed", 4, {"points": Spec((3, 2), "float32")}) as packed:
        packed.write(2, {"points": values[2:]})
        packed.write(0, {"points": values[:2]})
        packed.finish(table(4))
    np.testing.assert_array_equal(open_arrays(tmp_path / "packed")["points"], values)
    assert specs(tmp_path / "packed") == {"points": Spec((3, 2), "float32")}
    assert len(read_manifest(tmp_path / "packed")) == 4


def test_rows_that_are_not_kept_leave_no_trace(tmp_path, monkeypatch):
    monkeypatch.setattr("fer3d.files.packed.ROWS_AT_ONCE", 2)
    values = np.arange(18, dtype=np.float32).reshape(6, 3)
    wanted = {"a": Spec((3,), "float32"), "b": Spec((), "uint8")}
    rows = np.array([0, 2, 3, 5])
    with PackedWriter(tmp_path / "some", 6, wanted, ["b"]) as packed:
        packed.write(0, {"a": values, "b": np.zeros(6, np.uint8)})
        packed.keep(rows)
        packed.finish(table(4))
    with PackedWriter(tmp_path / "only", 4, {"a": wanted["a"]}) as packed:
        packed.write(0, {"a": values[rows]})
        packed.finish(table(4))
    files = sorted(path.name for path in (tmp_path / "only").iterdir())
    assert sorted(path.name for path in (tmp_path / "some").iterdir()) == files
    for name in files:
        assert (tmp_path / "some" / name).read_bytes() == (tmp_path / "only" / name).read_bytes()


def test_opened_arrays_are_mapped_and_read_only(tmp_path):
    with PackedWriter(tmp_path / "packed", 2, {"a": Spec((), "uint8")}) as packed:
        packed.finish(table(2))
    array = open_arrays(tmp_path / "packed", "a")["a"]
    assert isinstance(array, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_no_rows(tmp_path):
    with PackedWriter(tmp_path / "packed", 0, {"a": Spec((2,), "uint8")}) as packed:
        packed.finish(table(0))
    assert open_arrays(tmp_path / "packed")["a"].shape == (0, 2)


def test_an_interrupted_writer_leaves_the_old_folder_and_nothing_else(tmp_path):
    spec = {"a": Spec((), "uint8")}
    with PackedWriter(tmp_path / "packed", 1, spec) as packed:
        packed.write(0, {"a": np.array([7], np.uint8)})
        packed.finish(table(1))
    with pytest.raises(KeyboardInterrupt), PackedWriter(tmp_path / "packed", 1, spec):
        raise KeyboardInterrupt
    assert open_arrays(tmp_path / "packed")["a"].tolist() == [7]
    assert [path.name for path in tmp_path.iterdir()] == ["packed"]


def test_a_writer_that_is_not_finished_keeps_nothing(tmp_path):
    with (
        pytest.raises(RuntimeError, match="finish"),
        PackedWriter(tmp_path / "packed", 1, {"a": Spec((), "uint8")}),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_wrong_shapes_names_and_orders_are_refused(tmp_path):
    with PackedWriter(tmp_path / "packed", 2, {"a": Spec((2,), "uint8")}) as packed:
        with pytest.raises(ValueError, match="expected rows of"):
            packed.write(0, {"a": np.zeros((1, 3), np.uint8)})
        with pytest.raises(ValueError, match="expected arrays"):
            packed.write(0, {"b": np.zeros((1, 2), np.uint8)})
        with pytest.raises(ValueError, match="sorted by id"):
            packed.finish(table(2).iloc[::-1])
        with pytest.raises(ValueError, match="2 rows"):
            packed.finish(table(3))
        packed.finish(table(2))


def test_a_missing_array_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="dvc repro"):
        open_arrays(tmp_path)


def test_rows_in_any_places_are_written_by_whoever_sees_the_files(tmp_path):
    values = np.arange(10, dtype=np.int16).reshape(5, 2)
    with PackedWriter(tmp_path / "packed", 5, {"a": Spec((2,), "int16")}) as packed:
        elsewhere = pickle.loads(pickle.dumps(packed.files))
        elsewhere.write([4, 0, 1], {"a": values[[4, 0, 1]]})
        elsewhere.write(np.array([2]), {"a": [values[2]]})
        elsewhere.write(np.array([], int), {"a": values[:0]})
        assert packed.arrays["a"][3].tolist() == [0, 0]
        packed.finish(table(5))
    values[3] = 0
    np.testing.assert_array_equal(open_arrays(tmp_path / "packed")["a"], values)


def test_the_files_are_those_that_numpy_saves(tmp_path):
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.save(tmp_path / "saved.npy", values)
    with PackedWriter(tmp_path / "packed", 3, {"a": Spec((2,), "float32")}) as packed:
        packed.write(0, {"a": values})
        packed.finish(table(3))
    assert (tmp_path / "packed/a.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()


def test_scratch_arrays_are_there_until_the_end(tmp_path):
    specs = {"a": Spec((), "uint8"), "b": Spec((), "uint8")}
    with PackedWriter(tmp_path / "packed", 2, specs, scratch=["b"]) as packed:
        packed.write(0, {name: np.array([1, 2], np.uint8) for name in specs})
        assert packed.arrays["b"].tolist() == [1, 2]
        packed.finish(table(2))
    assert sorted(open_arrays(tmp_path / "packed")) == ["a"]


def test_a_folder_that_another_machine_does_not_see_is_named(tmp_path):
    files = RowFiles(tmp_path / "elsewhere", 1, {"a": Spec((), "uint8")})
    with pytest.raises(UserError, match=r"elsewhere.*is missing"):
        files.write([0], {"a": np.zeros(1, np.uint8)})
