"""Properties of stores in a folder and behind the S3 API."""

import multiprocessing
import pickle
import subprocess
import sys
from itertools import cycle

import joblib
import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor

from fer3d.store.encoding import encode
from fer3d.store.objects import Lookup, Written, key_of, name_of, open_store

KINDS = ("flipped", "truncated", "emptied", "swapped", "foreign")


def same(arrays, others) -> bool:
    return arrays.keys() == others.keys() and all(
        np.array_equal(arrays[name], others[name]) for name in others
    )


def raw(store, key: str) -> bytes:
    (data,) = store.files.read([name_of(key)])
    return data


def overwrite(store, key: str, data: bytes) -> None:
    assert store.files.write({name_of(key): data}) == [None]


def damage(store, keys) -> None:
    """Damage each object, in turn in each of five ways."""
    names = [name_of(key) for key in keys]
    blobs = dict(zip(names, store.files.read(names), strict=True))
    for i, (name, kind) in enumerate(zip(names, cycle(KINDS), strict=False)):
        data = blobs[name]
        at = i * 7919 % len(data)
        blobs[name] = {
            "flipped": data[:at] + bytes([data[at] ^ (1 << i % 8)]) + data[at + 1 :],
            "truncated": data[:at],
            "emptied": b"",
            "swapped": encode("0" * 64, "test 1", {"vertices": np.zeros(3)}),
            "foreign": b"not one of ours\n" * (i + 1),
        }[kind]
    assert set(store.files.write(blobs)) == {None}


def test_what_is_written_is_read(store, objects):
    keys = list(objects)
    assert store.read_many(keys) == Lookup([None] * len(keys))
    assert store.write_many("test 1", objects) == Written(len(objects))
    found = store.read_many(["f" * 64, *keys])
    assert found.arrays[0] is None and found.damaged == () and found.trouble is None
    assert all(map(same, found.arrays[1:], objects.values()))


def test_nothing_to_do_is_no_trouble(store):
    assert store.read_many([]) == Lookup([])
    assert store.write_many("test 1", {}) == Written(0)


def test_an_object_that_is_there_is_replaced_by_the_same_bytes(store, objects):
    store.write_many("test 1", objects)
    before = [raw(store, key) for key in objects]
    assert store.write_many("test 1", objects) == Written(len(objects))
    assert [raw(store, key) for key in objects] == before


def test_planted_damage_is_found_and_none_of_it_used(store):
    values = {f"{i:064x}": {"x": np.full(50, i)} for i in range(120)}
    keys = list(values)
    store.write_many("test 1", values)
    damage(store, keys[:100])
    found = store.read_many(keys)
    assert found.arrays[:100] == [None] * 100
    assert all(map(same, found.arrays[100:], list(values.values())[100:]))
    assert found.damaged == tuple(store.path(key) for key in keys[:100])
    # they lie beside their places, which are free for what is computed again
    assert store.read_many(keys).damaged == ()
    aside = store.files.read([name_of(key) + ".damaged" for key in keys])
    assert [data is not None for data in aside] == [True] * 100 + [False] * 20
    assert store.write_many("test 1", values).count == 120
    assert all(map(same, store.read_many(keys).arrays, values.values()))


def test_an_object_that_was_repaired_meanwhile_is_not_set_aside(store, objects):
    key, arrays = next(iter(objects.items()))
    store.write_many("test 1", {key: arrays})
    assert store.files.set_aside({name_of(key): b"as it was"}, ".damaged") == [None]
    assert same(store.read_many([key]).arrays[0], arrays)


def test_objects_of_an_older_format_count_as_absent_and_are_left_alone(store, objects):
    key, arrays = next(iter(objects.items()))
    older = b"fer3d-object 2\n" + b"0" * 64 + b"\n" + key.encode() + b"\n"
    overwrite(store, key, older)
    assert store.read_many([key]) == Lookup([None])
    assert raw(store, key) == older
    store.write_many("test 1", {key: arrays})
    assert same(store.read_many([key]).arrays[0], arrays)


def read_elsewhere(store, keys) -> bool:
    found = store.read_many(keys)
    return found.trouble is None and all(arrays is not None for arrays in found.arrays)


def test_worker_processes_reach_the_store_by_themselves(store, objects):
    """New processes and forked ones, after this one has used its own connection."""
    keys = list(objects)
    store.write_many("test 1", objects)
    assert pickle.loads(pickle.dumps(store)) == store
    get_reusable_executor(kill_workers=True).shutdown()  # it has the environment of another test
    work = [joblib.delayed(read_elsewhere)(store, keys) for _ in range(2)]
    assert all(joblib.Parallel(n_jobs=2)(work))
    forked = multiprocessing.get_context("fork").Process(target=_exit, args=(store, keys))
    forked.start()
    forked.join(60)
    assert forked.exitcode == 0
    assert read_elsewhere(store, keys)


def _exit(store, keys) -> None:
    sys.exit(0 if read_elsewhere(store, keys) else 1)


WRITER = """
import sys
import numpy as np
from fer3d.store.objects import open_store
store = open_store(sys.argv[1])
values = {f"{i:064x}": {"x": np.full(500, i)} for i in range(20)}
for round in range(int(sys.argv[2])):
    written = store.write_many("test 1", values)
    assert written.count == 20, written.trouble
"""


@pytest.mark.slow
def test_writers_of_the_same_keys_all_succeed_and_readers_see_whole_objects(store, repository):
    rounds = "6" if "://" not in store.address else "3"
    command = [sys.executable, "-c", WRITER, store.address, rounds]
    writers = [subprocess.Popen(command, cwd=repository) for _ in range(2)]
    keys = [f"{i:064x}" for i in range(20)]
    looks = 0
    while any(writer.poll() is None for writer in writers):
        found = store.read_many(keys)
        assert found.damaged == () and found.trouble is None
        looks += 1
    assert looks and [writer.returncode for writer in writers] == [0, 0]
    assert [int(arrays["x"][0]) for arrays in store.read_many(keys).arrays] == list(range(20))


@pytest.mark.parametrize("address", ["/mnt/lab", "file:///mnt/lab", "file:///mnt/lab/"])
def test_a_folder_has_several_names(address):
    assert open_store(address) == open_store("/mnt/lab")
    assert open_store(address).path("ab" + "0" * 62) == "/mnt/lab/ab/" + "0" * 62


def test_a_relative_folder_stays_where_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_store("store").address == str(tmp_path / "store")


def test_any_protocol_of_fsspec_will_do(objects):
    memory = open_store("memory://lab/fer3d")
    assert memory.write_many("test 1", objects) == Written(len(objects))
    assert all(map(same, memory.read_many(list(objects)).arrays, objects.values()))
    overwrite(memory, next(iter(objects)), b"")
    assert len(memory.read_many(list(objects)).damaged) == 1


def test_the_store_can_be_switched_off():
    assert open_store("none") is None


def test_a_missing_package_is_named_with_its_cure(repository):
    code = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from fer3d.store.objects import open_store; open_store('s3://bucket/prefix')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True)
    assert b"UserError" in done.stderr and b"pip install -e '.[s3]'" in done.stderr


@pytest.mark.parametrize("name", ["ab/cd", "ab/" + "0" * 61, "ab/" + "G" * 62, "ab" + "0" * 62])
def test_other_files_are_no_objects(name):
    assert key_of(name) is None
    assert key_of(name_of("0" * 64)) == "0" * 64
