"""Statistics, verification and pruning of a store, in a folder and behind the S3 API."""

import os
import time

import numpy as np
import pytest

from fer3d.errors import UserError
from fer3d.store import upkeep
from fer3d.store.encoding import encode
from fer3d.store.objects import ObjectStore, name_of, open_store
from fer3d.store.upkeep import Amount, Kind

DAY_S = 24 * 3600.0
OLD, NEW, BROKEN = "aa" + "1" * 62, "aa" + "2" * 62, "bb" + "3" * 62
SIZE = len(encode(NEW, "relight 2", {"x": np.arange(9)}))


def ignore(_: int) -> None:
    pass


@pytest.fixture
def filled(store) -> ObjectStore:
    """Two intact objects, a damaged one, a renamed one, a temporary file, another file."""
    store.write_many("relight 1", {OLD: {"x": np.arange(9)}})
    store.write_many("relight 2", {NEW: {"x": np.arange(9)}})
    aside = name_of("bb" + "4" * 62) + ".damaged"
    unfinished = "cc/." + "5" * 62 + ".00ff.tmp"
    others = {name_of(BROKEN): b"", aside: b"??", unfinished: b"half", "cc/README": b"hello"}
    assert store.files.write(others) == [None] * 4
    return store


def prunable(store, **options) -> set[str]:
    parts = upkeep.folders(store)
    return {entry.name for entry in upkeep.prunable(store, parts, ignore, **options)}


def test_stats_count_by_kind_and_by_producer(filled):
    advanced = []
    found = upkeep.stats(filled, upkeep.folders(filled), advanced.append, read=True)
    assert advanced == [1, 1, 1]  # aa, bb, cc
    assert found.kinds == {
        Kind.OBJECT: Amount(3, 2 * SIZE),
        Kind.DAMAGED: Amount(1, 2),
        Kind.UNFINISHED: Amount(1, 4),
        Kind.OTHER: Amount(1, 5),
    }
    assert found.producers == {
        "relight 1": Amount(1, SIZE),
        "relight 2": Amount(1, SIZE),
        "unknown": Amount(1, 0),
    }
    quick = upkeep.stats(filled, upkeep.folders(filled), ignore, read=False)
    assert quick.kinds == found.kinds and quick.producers == {}


def test_verify_sets_aside_what_is_damaged(filled):
    found = upkeep.verify(filled, upkeep.folders(filled), ignore)
    assert found == upkeep.Verdict(whole=2, damaged=[filled.path(BROKEN)])
    again = upkeep.verify(filled, upkeep.folders(filled), ignore)
    assert again == upkeep.Verdict(whole=2)
    found = upkeep.stats(filled, upkeep.folders(filled), ignore, read=False)
    assert found.kinds[Kind.DAMAGED].count == 2


def test_neither_a_strangers_file_nor_one_that_may_still_be_written_goes(filled):
    aside = name_of("bb" + "4" * 62) + ".damaged"
    gone = {name_of(OLD), name_of(NEW), name_of(BROKEN), aside}
    assert prunable(filled, older_than=0.0) == gone


def test_nothing_younger_goes(filled):
    assert prunable(filled, older_than=DAY_S) == set()


def test_what_may_go_goes_and_nothing_else(filled):
    found = upkeep.prunable(filled, upkeep.folders(filled), ignore, older_than=0.0)
    kept = [entry for entry in found if entry.name != name_of(NEW)]
    assert upkeep.remove(filled, kept, ignore) == (3, "")
    assert [arrays is None for arrays in filled.read_many([OLD, NEW]).arrays] == [True, False]
    left = upkeep.stats(filled, upkeep.folders(filled), ignore, read=False)
    assert {kind: amount.count for kind, amount in left.kinds.items()} == {
        Kind.OBJECT: 1,
        Kind.DAMAGED: 0,
        Kind.UNFINISHED: 1,
        Kind.OTHER: 1,
    }
    assert upkeep.remove(filled, kept, ignore) == (3, "")  # someone else may prune as well


def test_age_is_the_time_since_the_writing(tmp_path):
    store = open_store(str(tmp_path))
    store.write_many("test 1", {OLD: {}, NEW: {}})
    left = tmp_path / "aa" / ("." + "5" * 62 + ".00ff.tmp")
    left.write_bytes(b"")
    for path, days in ((tmp_path / name_of(OLD), 31), (left, 2)):
        os.utime(path, (time.time() - days * DAY_S,) * 2)
    store.read_many([OLD, NEW])
    assert prunable(store, older_than=30 * DAY_S) == {name_of(OLD)}
    unfinished = f"aa/{left.name}"
    assert prunable(store, older_than=1.5 * DAY_S) == {name_of(OLD), unfinished}


def test_a_store_without_objects_is_empty_not_wrong(store):
    assert upkeep.folders(store) == []
    assert upkeep.verify(store, [], ignore) == upkeep.Verdict()


def test_a_store_that_cannot_be_listed_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match="cannot be listed"):
        upkeep.folders(open_store(str(tmp_path / "file")))
    with pytest.raises(UserError, match="cannot be listed"):
        upkeep.verify(open_store(str(tmp_path)), ["ab"], ignore)


def test_ages_read_as_people_write_them():
    ages = [upkeep.parse_age(text) for text in ("12h", "30d", "1.5d", "2w")]
    assert ages == [DAY_S / 2, 30 * DAY_S, 1.5 * DAY_S, 14 * DAY_S]
    for wrong in ("30", "d", "-1d", "1 month", ""):
        with pytest.raises(UserError, match="as 12h, 30d or 8w"):
            upkeep.parse_age(wrong)
