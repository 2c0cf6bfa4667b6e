"""The charts of the report."""

import numpy as np
import pandas as pd

from fer3d.evaluation.calibration import BINS
from fer3d.reporting.charts import Plane
from fer3d.reporting.figures import (
    confidence_chart,
    coverage_chart,
    coverage_table,
    curves_table,
    learning_curve,
    reliability_chart,
    reliability_table,
)


def answers(confidences: list[float], right: list[bool]) -> pd.DataFrame:
    """Answers \"a\" with these confidences, to images of \"a\" or \"b\"."""
    confidence = np.float32(confidences)
    return pd.DataFrame(
        {
            "label": np.where(right, "a", "b"),
            "predicted": "a",
            "p_a": confidence,
            "p_b": 1 - confidence,
        }
    )


def test_a_curve_of_one_epoch_can_be_drawn() -> None:
    curves = pd.DataFrame({"epoch": [1], "train_loss": [2.0], "validation_loss": [1.0]})
    chart = learning_curve(curves, "loss", "Loss", best_epoch=1)
    assert [line.name for line in chart.lines] == ["train", "validation"]
    assert all(line.points for line in chart.lines)
    assert chart.summary.endswith("validation at epoch 1: 1.000")


def test_every_epoch_is_in_the_table() -> None:
    values = {
        f"{series}_{name}": [0.5, 0.25]
        for name in ("loss", "accuracy", "macro_f1")
        for series in ("train", "validation")
    }
    table = curves_table(pd.DataFrame({"epoch": [1, 2], **values}))
    assert [title for title, _ in table.rows] == ["1", "2"]
    assert {cell.text for cell in table.rows[1][1]} == {"0.2500"}
    assert table.header[-1] == "macro f1, validation"


def test_reliability_of_known_answers() -> None:
    part = answers([0.91, 0.92, 0.93, 0.92, 0.61], [True, True, True, False, False])
    table = reliability_table(part, "test")
    assert [title for title, _ in table.rows] == ["0.60 to 0.67", "0.87 to 0.93"]
    assert [cell.text for cell in table.rows[1][1][:3]] == ["4", "0.920", "0.750"]
    plane = Plane((0, 1), (0, 1))
    low, high = reliability_chart(part, "test").bars
    assert (low.top, high.top) == (plane.y(0), plane.y(0.75))
    assert high.ends[0] > high.top > high.ends[1]
    assert high.width < plane.x(1 / BINS) - plane.x(0)
    counts = confidence_chart(part, "test").bars
    assert counts[1].top < counts[0].top  # four images are more than one


def test_risk_of_the_most_certain_images() -> None:
    part = answers([0.99, 0.9, 0.8, 0.7], [True, True, False, True])
    table = coverage_table({"test": part})
    risks = {title: cells[0].text for title, cells in table.rows}
    assert (risks["0.5"], risks["0.8"], risks["1.0"]) == ("0.000", "0.333", "0.250")
    chart = coverage_chart({"validation": part, "test": part})
    assert [line.style for line in chart.lines] == ["validation", "test"]
    assert "test 0.250" in chart.summary
    assert chart.lines[0].points.count(",") == 4


def test_a_long_curve_is_thinned() -> None:
    part = answers([0.9] * 5000, [True] * 5000)
    (line,) = coverage_chart({"test": part}).lines
    assert line.points.count(",") == 200
