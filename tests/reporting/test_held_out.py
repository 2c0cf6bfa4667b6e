"""Held-out images with a copy in training."""

import pandas as pd

from fer3d.reporting.held_out import copies_in_training


def rows(*values: tuple, columns: str) -> pd.DataFrame:
    return pd.DataFrame(values, columns=columns.split())


def test_exact_and_near_copies_are_counted_once_each_by_class() -> None:
    """1 has an exact copy in training, 2 a near one, 3 both, 4 a near copy in its own split."""
    kept = rows(
        ("1", "joy", "test", "a"),
        ("2", "joy", "test", "b"),
        ("3", "fear", "test", "c"),
        ("4", "joy", "test", "d"),
        ("5", "joy", "test", "e"),
        ("6", "joy", "validation", "f"),
        ("7", "joy", "train", "g"),
        columns="id label split sha1",
    )
    dropped = rows(
        ("8", "train", "a"),
        ("9", "train", "c"),
        ("10", "test", "d"),  # a copy in its own split
        columns="id split sha1",
    )
    near = rows(
        ("2", "test", "x"),
        ("11", "train", "x"),
        ("3", "test", "y"),
        ("12", "train", "y"),
        ("4", "test", "z"),
        ("13", "test", "z"),
        ("7", "train", "w"),
        columns="id split near_group",
    )
    none = {"images": 1, "exact_copy": 0, "near_copy": 0, "percent": 0.0}
    assert copies_in_training(kept, dropped, near) == {
        "validation": {"joy": none, "all": none},
        "test": {
            "fear": {"images": 1, "exact_copy": 1, "near_copy": 0, "percent": 100.0},
            "joy": {"images": 4, "exact_copy": 1, "near_copy": 1, "percent": 50.0},
            "all": {"images": 5, "exact_copy": 2, "near_copy": 1, "percent": 60.0},
        },
    }


def test_without_official_splits_there_is_nothing_to_leak() -> None:
    kept = rows(("1", "joy", None, "a"), columns="id label split sha1")
    dropped = rows(("2", None, "a"), columns="id split sha1")
    assert copies_in_training(kept, dropped, rows(columns="id split near_group")) == {}
