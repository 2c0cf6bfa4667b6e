import hashlib
import json

import numpy as np
import pytest

from fer3d.store.encoding import DamagedObject, OtherFormat, decode, encode, read_header

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


def signed(head: bytes, rest: bytes = b"", *, magic: bytes = b"fer3d-object 2\n") -> bytes:
    """An object with the right digest, whatever else is wrong with it."""
    body = KEY.encode() + b"\n" + head + rest
    return magic + hashlib.sha256(magic + body).hexdigest().encode() + b"\n" + body


def header(*arrays: object) -> bytes:
    return json.dumps({"producer": "test 1", "arrays": list(arrays)}).encode() + b"\n"


def test_what_is_written_is_read(arrays):
    got = decode(KEY, encode(KEY, "test 1", arrays))
    assert list(got) == list(arrays)
    for name, array in got.items():
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype and array.shape == arrays[name].shape
        assert not array.flags.writeable


def test_equal_arrays_give_equal_bytes(arrays):
    swapped = {
        name: a.astype(a.dtype.newbyteorder(">")).copy(order="F") for name, a in arrays.items()
    }
    assert encode(KEY, "test 1", arrays) == encode(KEY, "test 1", swapped)


def test_truth_values_take_a_bit_each():
    small = len(encode(KEY, "test 1", {"mask": np.zeros(0, bool)}))
    assert len(encode(KEY, "test 1", {"mask": np.zeros(10_000, bool)})) - small < 1_260


def test_only_numbers_and_truth_values_are_kept():
    for array in (np.array(["text"]), np.array([object()]), np.array([1j])):
        with pytest.raises(ValueError, match="numbers and truth values"):
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
    with pytest.raises(DamagedObject, match="another key"):
        decode(OTHER_KEY, encode(KEY, "test 1", arrays))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"no newline",
        b"\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"null\n",
        b"{}\n",
        b"[" * 100_000 + b"\n",
        b'{"producer": 1, "arrays": []}\n',
        b'{"producer": "test", "arrays": 7}\n',
        header(7),
        header(["a", "<f4"]),
        header([1, "<f4", []]),
        header(["a", "<f4", 3]),
        header(["a", "<f4", [-1]]),
        header(["a", "<f4", [1.0]]),
        header(["a", "<f4", [True]]),
        header(["a", "<f4", [10**400]]),
        header(["a", "<f4", [2**40, 0]]),
        header(["a", "<f4", [1] * 60]),
        header(["a", "<f4", [2**30, 2**30]]),
        header(["a", "|O", [1]]),
        header(["a", "<f1", [1]]),
        header(["a", "<U9", [1]]),
        header(["a", "<f4,<f4", [1]]),
        header(["a", {}, [1]]),
    ],
)
def test_a_header_without_sense_is_damage_and_nothing_else(head):
    """Even where the digest is right, as in an object that someone made by hand."""
    for rest in (b"", b"\0" * 64):
        with pytest.raises(DamagedObject):
            decode(KEY, signed(head, rest))


def test_arrays_fill_the_object():
    fine = header(["a", "<f4", [2]])
    assert decode(KEY, signed(fine, b"\0" * 8))["a"].shape == (2,)
    for rest in (b"\0" * 7, b"\0" * 9):
        with pytest.raises(DamagedObject, match="as many bytes"):
            decode(KEY, signed(fine, rest))


def test_a_whole_object_of_another_format_is_no_damage():
    newer = signed(b"whatever\n", magic=b"fer3d-object 3\n")
    body = b'{"key": "...", "producer": "test 1", "arrays": []}\n'
    older = b"fer3d-object 1\n" + hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    for data in (newer, older):
        with pytest.raises(OtherFormat):
            decode(KEY, data)
        for damaged in (data[:-1], data.replace(b"object", b"abject")):
            with pytest.raises(DamagedObject):
                decode(KEY, damaged)


def test_the_producer_is_read_from_the_start_of_an_object(arrays):
    data = encode(KEY, "test 1", arrays | {"large": np.zeros(10_000)})
    assert read_header(data[:4096]).producer == "test 1"
    for broken in (b"", data[:50], b"x" + data[1:]):
        with pytest.raises(DamagedObject):
            read_header(broken)
