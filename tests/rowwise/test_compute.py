from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer3d.errors import UserError
from fer3d.files.packed import PackedWriter, RowFiles, open_arrays
from fer3d.files.specs import Spec
from fer3d.machine.settings import Settings
from fer3d.rowwise import compute, versions
from fer3d.rowwise.compute import Tally, map_rows
from fer3d.rowwise.packing import compute_dataset
from fer3d.rowwise.producer import Producer
from fer3d.rowwise.sources import PackedSource
from fer3d.store.objects import ObjectStore

ROWS = 70


def double(batch):
    return {"y": batch["x"] * 2}


def refuse(batch):
    raise AssertionError("nothing should be computed")


def producer(compute=double, version: int = 1, libraries=(), **parameters) -> Producer:
    outputs = {"y": Spec((3,), "int64")}
    return Producer("test", version, compute, ("x",), outputs, parameters, libraries=libraries)


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
        tally = map_rows(made, PackedSource(source, ["x"]), packed.files, settings)
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


def files_of(store: Path) -> list[Path]:
    return sorted(path for path in store.rglob("*") if path.is_file())


def test_a_new_version_of_a_library_is_another_result(tmp_path, source, monkeypatch):
    made = producer(libraries=["numpy"])
    run(tmp_path, source, made)
    assert run(tmp_path, source, made) == Tally(0, ROWS)
    monkeypatch.setattr(versions, "_version", lambda name: "99.0")
    assert run(tmp_path, source, made) == Tally(ROWS, 0)


def test_a_worker_with_other_code_computes_nothing(tmp_path, source):
    """Workers of a cluster that stays up keep the code that they started with."""
    made = producer(refuse)
    files = RowFiles(tmp_path, ROWS, made.outputs)
    part = PackedSource(source, ["x"]).part(np.arange(3))
    job = compute._Job(made, made.identity(), {}, "another digest", files)
    with pytest.raises(UserError, match=r"runs another version of fer3d .* restart the w"):
        compute._make(compute._Task(job, part, np.arange(3), None))


def test_damaged_objects_are_named_and_computed_again(tmp_path, source):
    run(tmp_path, source, producer())
    victims = files_of(tmp_path / "store")[:3]
    for victim in victims:
        victim.write_bytes(b"garbage")
    tally = run(tmp_path, source, producer())
    assert (tally.computed, tally.stored) == (3, ROWS - 3)
    assert sorted(tally.damaged) == [str(victim) for victim in victims]
    assert run(tmp_path, source, producer(refuse)) == Tally(0, ROWS)


def test_a_whole_object_of_another_shape_is_computed_again(tmp_path, source):
    run(tmp_path, source, producer())
    store = tmp_path / "store"
    other = {"".join(path.relative_to(store).parts): {"y": np.zeros(4)} for path in files_of(store)}
    ObjectStore(str(store)).write_many("test 1", other)
    assert run(tmp_path, source, producer()) == Tally(ROWS, 0)


def test_equal_rows_share_an_object_and_each_counts(tmp_path):
    source = pack(tmp_path / "source", np.ones((40, 3), int))
    assert run(tmp_path, source, producer()) == Tally(40, 0)
    assert len(files_of(tmp_path / "store")) == 1
    assert run(tmp_path, source, producer(refuse)) == Tally(0, 40)


def test_a_store_that_cannot_be_written_stops_nothing(tmp_path, source):
    (tmp_path / "file").write_text("no folder")
    tally = run(tmp_path, source, producer(), store="file/store")
    assert (tally.computed, tally.stored, tally.unshared) == (ROWS, 0, ROWS)
    assert "file/store" in tally.trouble
    assert str(tally).startswith(f"computed {ROWS}, from store 0; not shared: {ROWS} (")


def test_a_data_set_says_what_the_store_was_good_for_last(tmp_path, source, caplog):
    caplog.set_level("INFO", "fer3d")
    settings = Settings(workers=1, store=str(tmp_path / "store"))
    for _ in range(2):
        rows = PackedSource(source, ["x"])
        compute_dataset(
            producer(), lambda arrays: {}, rows, table(ROWS), tmp_path / "out", settings
        )
        victim = files_of(tmp_path / "store")[0]
        victim.write_bytes(b"")
    assert caplog.messages == [
        f"test: computed {ROWS}, from store 0",
        f"test: damaged, set aside: {victim}",
        f"test: computed 1, from store {ROWS - 1}; damaged objects computed again: 1",
    ]


def test_the_store_can_be_switched_off(tmp_path, source):
    assert run(tmp_path, source, producer(), store=None) == Tally(ROWS, 0)
    assert not (tmp_path / "store").exists()


def test_the_tally_reads_as_a_sentence():
    assert str(Tally(3, 4)) == "computed 3, from store 4"
