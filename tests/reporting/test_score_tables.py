"""Tables of scores and confusions."""

import numpy as np

from fer3d.reporting.page_tables import TableCell
from fer3d.reporting.score_tables import confusion_table, scores_table


def test_confusion_in_per_cent_of_the_true_class() -> None:
    table = confusion_table(np.array([[3, 1], [0, 0]]), ["joy", "fear"], "test")
    assert table.rows == [
        ("joy", [TableCell("75.0", 0.75, note="3"), TableCell("25.0", 0.25, note="1")]),
        ("fear", [TableCell("0.0", 0, note="0"), TableCell("0.0", 0, note="0")]),
    ]


def test_recall_has_the_interval_of_its_images() -> None:
    scores = {"precision": 1.0, "recall": 0.5, "f1": 0.667, "support": 10}
    absent = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    table = scores_table({"per_class": {"joy": scores, "fear": absent}}, "test")
    low, high = table.rows[0][1][1].ends
    assert (round(low, 4), round(high, 4)) == (0.2366, 0.7634)  # Wilson, 5 of 10
    assert table.rows[1][1][1].ends is None
