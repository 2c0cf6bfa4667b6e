"""A list or archive with any content gives entries, or an error of one line."""

import io
import tarfile
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer3d.datasets.layout import read_layout
from fer3d.errors import UserError

SAME_EACH_TIME = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
LIST = b"path,label,split,votes_a,votes_b\na.jpg,a,train,1,2\nb.jpg,b,test,3,4\n"
FER = b"emotion,pixels,Usage\n0,1 2 3 4,Training\n3,5 6 7 8,PublicTest\n"


def parquet(columns: dict[str, list]) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer)
    return buffer.getvalue()


def shard() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("1.jpg", "1.cls", "2.jpg", "2.json"):
            member = tarfile.TarInfo(name)
            member.size = 2
            archive.addfile(member, io.BytesIO(b"{}"))
    return buffer.getvalue()


IMAGES = [{"bytes": b"x", "path": "a.png"}, {"bytes": b"y", "path": None}]
FILES = {
    "list.csv": LIST,
    "list.parquet": parquet({"path": ["a", "b"], "label": ["x", "y"]}),
    "fer2013.csv": FER,
    "train.parquet": parquet({"image": IMAGES, "label": ["x", "y"]}),
    "00.tar": shard(),
}


def check(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, name)
        source.write_bytes(data)
        try:
            entries = read_layout(source, kept=Path(folder, "kept")).entries
        except UserError as error:
            assert str(error) and "\n" not in str(error)
        else:
            paths = [entry.path for entry in entries]
            assert paths and len(set(paths)) == len(paths)
            assert all(bool(e.label) != bool(e.left_out) for e in entries)


@pytest.mark.parametrize("name", FILES)
def test_the_files_themselves_are_read(name):
    check(name, FILES[name])


@pytest.mark.parametrize("name", FILES)
@SAME_EACH_TIME
@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes(name, changes):
    data = bytearray(FILES[name])
    for place, value in changes:
        data[place % len(data)] = value
    check(name, bytes(data))


@pytest.mark.parametrize("name", FILES)
@SAME_EACH_TIME
@given(st.integers(0, 100_000), st.integers(0, 2000))
def test_missing_bytes(name, start, count):
    data = FILES[name]
    start %= len(data)
    check(name, data[:start] + data[start + count :])


@pytest.mark.parametrize("header", [b"path,label,split,subject,p_a\n", b"emotion,pixels,Usage\n"])
@SAME_EACH_TIME
@given(st.binary(max_size=200))
def test_any_bytes_below_a_header(header, data):
    check("list.csv", header + data)


@SAME_EACH_TIME
@given(st.lists(st.tuples(*[st.text(max_size=10)] * 4), min_size=1, max_size=5))
def test_any_texts_in_a_list(rows):
    table = pd.DataFrame(rows, columns=["path", "label", "split", "votes_a"])
    check("list.csv", table.to_csv(index=False).encode("utf-8", "replace"))
