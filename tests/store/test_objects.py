import numpy as np
import pytest

from fer3d.store.objects import DamagedObject, ObjectStore, decode, encode

KEY = "ab" + "0" * 62


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array(True),
        "c": np.zeros(0),
    }


def test_what_is_written_is_read(tmp_path, arrays):
    store = ObjectStore(tmp_path)
    assert store.read(KEY) is None
    store.write(KEY, "test 1", arrays)
    for name, array in store.read(KEY).items():
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype and array.shape == arrays[name].shape


def test_equal_arrays_give_equal_bytes(arrays):
    assert encode(KEY, "test 1", arrays) == encode(KEY, "test 1", dict(arrays))


def damages(data: bytes) -> list[bytes]:
    flipped = [data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :] for i in range(0, len(data), 7)]
    return [b"", data[:10], data[:-1], data + b"x", *flipped]


def test_no_damage_goes_unnoticed(arrays):
    for damaged in damages(encode(KEY, "test 1", arrays)):
        with pytest.raises(DamagedObject):
            decode(KEY, damaged)


def test_a_swapped_object_is_noticed(arrays):
    with pytest.raises(DamagedObject, match="another key"):
        decode("cd" + "0" * 62, encode(KEY, "test 1", arrays))


def test_a_damaged_object_is_set_aside_and_counts_as_absent(tmp_path, arrays):
    store = ObjectStore(tmp_path)
    store.write(KEY, "test 1", arrays)
    path = store.path(KEY)
    path.write_bytes(path.read_bytes()[:-3])
    assert store.read(KEY) is None
    assert [p.name for p in path.parent.iterdir()] == [path.name + ".damaged"]
