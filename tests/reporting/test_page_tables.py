"""Tables of the pages."""

from fer3d.reporting.page_tables import (
    TableCell,
    accuracy3d_table,
    counts_table,
    metrics_tables,
    row,
)


def test_class_counts_follow_the_stages() -> None:
    metrics = {
        "ingest": {"per_class": {"fear": 9, "joy": 1}},
        "split": {"train": {"fear": 5}, "validation": {"fear": 2}, "test": {"fear": 2}},
        "balance": {"after": {"fear": 20}},
    }
    table = counts_table(metrics)
    steps = ["class", "ingested", "train", "validation", "test", "train, balanced"]
    assert list(table.header) == steps
    assert table.rows[0][1][0] == TableCell("9", 9 / 20)
    assert table.rows[1][1][1] == TableCell("0", 0)
    assert table.foot == [row("all", ["10", "5", "2", "2", "20"])]


def test_no_metric_is_lost_in_the_tables() -> None:
    metrics = {
        "a": 1,
        "b": {"x": {"n": 2, "m": 3}, "y": {"n": 4, "m": 5}},
        "c": {"d": {"e": 6.5}},
        "f": {"k": 7, "l": 8},
        "g": {"k": 9, "l": 10},
        "h": {"x": {"n": {"o": 11}, "m": 12}, "y": {"n": {"o": 13}, "m": 14}},
        "i": {"x": {"n": {"o": 15}}, "y": 16},
    }
    rows = [line for table in metrics_tables(metrics) for line in table.rows]
    texts = [cell.text for _, cells in rows for cell in cells]
    assert sorted(map(float, texts)) == [*range(1, 6), 6.5, *range(7, 17)]


def test_metrics_with_the_same_keys_share_a_table() -> None:
    (table,) = metrics_tables({"before": {"joy": 1, "all": 2}, "after": {"joy": 3, "all": 4}})
    assert list(table.header) == ["group", "before", "after"]
    assert table.rows == [row("joy", ["1", "3"])]
    assert table.foot == [row("all", ["2", "4"])]


def test_nested_metrics_of_each_row_are_columns() -> None:
    bins = {
        "0-15": {"median": 1.5, "signed": {"yaw": 2}},
        "15-30": {"median": 3, "signed": {"yaw": 4}},
    }
    (table,) = metrics_tables({"rotation_deg": bins})
    assert table.title == "rotation deg"
    assert list(table.header) == ["group", "median", "signed yaw"]
    assert table.rows == [row("0-15", ["1.5", "2"]), row("15-30", ["3", "4"])]


def test_errors_of_the_3d_are_shown_where_there_is_a_truth() -> None:
    rotation = {"0-30": {"median": 3.25, "mean": 4.0}}
    metrics = {"images": 9, "images_by_yaw": {"0-30": 9}, "rotation_deg": rotation}
    table = accuracy3d_table(metrics)
    assert list(table.header) == ["yaw", "faces", "rotation, median, degrees"]
    assert table.rows == [row("0-30°", ["9", "3.25"])]
    assert accuracy3d_table({"images": 0}) is None
