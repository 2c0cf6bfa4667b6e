from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer3d.arrays import PackedWriter, Spec, open_arrays
from fer3d.errors import UserError
from fer3d.settings import Settings
from fer3d.store.rows import Producer, Tally, map_rows

ROWS = 70


def double(batch):
    return {"y": batch["x"] * 2}


def refuse(batch):
    raise AssertionError("nothing should be computed")


def producer(compute=double, version: int = 1, **parameters) -> Producer:
    return Producer("test", version, compute, ("x",), {"y": Spec((3,), "int64")}, parameters)


@pytest.fixture
def source(tmp_path) -> Path:
    return pack(tmp_path / "source", np.arange(3 * ROWS).reshape(ROWS, 3))


def table(rows: int) -> pd.DataFrame:
    ids = [f"{i:03}" for i in range(rows)]
    return pd.DataFrame(
        {"id": ids, "path": ids, "label": "anger", "sha1": "0" * 40, "width": 1, "height": 1}
    )


def pack(folder: Path, values: np.ndarray) -> Path:
    with PackedWriter(folder, len(values), {"x": Spec((3,), "int64")}) as packed:
        packed.write(0, {"x": values})
        packed.finish(table(len(values)))
    return folder


def run(tmp_path, source, made, *, workers=1, store="store") -> Tally:
    rows = len(open_arrays(source)["x"])
    settings = Settings(workers=workers, store=str(tmp_path / store) if store else "none")
    with PackedWriter(tmp_path / "out", rows, made.outputs) as packed:
        tally = map_rows(made, source, packed, settings)
        packed.finish(table(rows))
    np.testing.assert_array_equal(open_arrays(tmp_path / "out")["y"], open_arrays(source)["x"] * 2)
    return tally


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_run_computes_nothing(tmp_path, source, workers):
    assert run(tmp_path, source, producer(), workers=workers) == Tally(ROWS, 0)
    assert run(tmp_path, source, producer(refuse), workers=workers) == Tally(0, ROWS)


def test_new_rows_alone_are_computed(tmp_path, source):
    run(tmp_path, source, producer())
    larger = pack(tmp_path / "larger", np.arange(3 * (ROWS + 5)).reshape(-1, 3))
    assert run(tmp_path, larger, producer()) == Tally(5, ROWS)


@pytest.mark.parametrize("changed", [producer(version=2), producer(k=1)])
def test_another_version_or_parameter_is_another_result(tmp_path, source, changed):
    run(tmp_path, source, producer())
    assert run(tmp_path, source, changed) == Tally(ROWS, 0)


def test_a_damaged_object_is_computed_again(tmp_path, source):
    run(tmp_path, source, producer())
    victim = next(path for path in (tmp_path / "store").rglob("*") if path.is_file())
    victim.write_bytes(b"garbage")
    assert run(tmp_path, source, producer()) == Tally(1, ROWS - 1)


def test_a_store_that_cannot_be_made_says_what_to_do(tmp_path, source):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match="set FER3D_STORE"):
        run(tmp_path, source, producer(), store="file/store")


def test_the_store_can_be_switched_off(tmp_path, source):
    assert run(tmp_path, source, producer(), store=None) == Tally(ROWS, 0)
    assert not (tmp_path / "store").exists()


def test_the_tally_reads_as_a_sentence():
    assert str(Tally(3, 4)) == "computed 3, from store 4"
