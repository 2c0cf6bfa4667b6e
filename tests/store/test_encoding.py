import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

from fer3d.store.encoding import (
    LONGEST_HEADER,
    DamagedObject,
    OtherFormat,
    decode,
    encode,
    read_producer,
)

KEY = "ab" + "0" * 62
OTHER_KEY = "cd" + "0" * 62


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array(True),
        "c": np.zeros(0),
        "mask": np.arange(35).reshape(5, 7) % 3 == 0,
        "half": np.float16([[1.5]]),
    }


def test_what_is_written_is_read(arrays):
    got = decode(KEY, encode(KEY, "test 1", arrays))
    assert got.keys() == arrays.keys()
    for name, array in got.items():
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype and array.shape == arrays[name].shape


def test_equal_arrays_give_equal_bytes(arrays):
    swapped = {
        name: a.astype(a.dtype.newbyteorder(">")).copy(order="F") for name, a in arrays.items()
    }
    assert encode(KEY, "test 1", arrays) == encode(KEY, "test 1", swapped)


def test_only_numbers_and_truth_values_are_kept():
    for array in (np.array(["text"]), np.array([object()]), np.array([1j])):
        with pytest.raises(ValueError, match="numeric or boolean"):
            encode(KEY, "test 1", {"a": array})


def damages(data: bytes) -> list[bytes]:
    flipped = [data[:i] + bytes([data[i] ^ (1 << i % 8)]) + data[i + 1 :] for i in range(len(data))]
    shortened = [data[:i] for i in range(0, len(data), 5)]
    return [*shortened, data + b"x", data + data, b"\n" * len(data), *flipped]


def test_no_damage_goes_unnoticed(arrays):
    for damaged in damages(encode(KEY, "test 1", arrays)):
        with pytest.raises(DamagedObject):
            decode(KEY, damaged)


def test_a_swapped_object_is_noticed(arrays):
    with pytest.raises(DamagedObject, match="key"):
        decode(OTHER_KEY, encode(KEY, "test 1", arrays))


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"other": "{}"},
        {"fer3d": ""},
        {"fer3d": "[]"},
        {"fer3d": "null"},
        {"fer3d": "{}"},
        {"fer3d": '{"producer": "test 1"}'},
        {"fer3d": "[" * 100_000},
    ],
)
def test_a_file_that_says_nothing_of_itself_is_damaged(metadata):
    with pytest.raises(DamagedObject):
        decode(KEY, save({"a": np.zeros(3)}, metadata))


def test_an_object_of_an_older_format_is_no_damage():
    for number in (1, 2):
        with pytest.raises(OtherFormat):
            decode(KEY, b"fer3d-object %d\n" % number + b"0" * 64 + b"\nwhatever")


def test_the_producer_is_read_from_the_start_of_an_object(arrays):
    data = encode(KEY, "test 1", arrays | {"large": np.zeros(10_000)})
    assert read_producer(data[:LONGEST_HEADER]) == "test 1"
    for broken in (b"", data[:50], data[:8] + b"x" + data[9:]):
        with pytest.raises(DamagedObject):
            read_producer(broken)


def test_any_reader_of_safetensors_reads_an_object(arrays, tmp_path):
    (tmp_path / "object").write_bytes(encode(KEY, "test 1", arrays))
    with safe_open(tmp_path / "object", framework="np") as file:
        assert json.loads(file.metadata()["fer3d"])["producer"] == "test 1"
        np.testing.assert_array_equal(file.get_tensor("mask"), arrays["mask"])
