"""Calibration error, and accuracy at a coverage."""

import numpy as np
import pandas as pd
import pytest

from fer3d.evaluation.calibration import (
    BINS,
    accuracy_at,
    calibration,
    calibration_error,
    reliability,
)

CLASSES = ("no", "yes")


def table(confidence: list[float], right: list[bool]) -> pd.DataFrame:
    """Images of the class yes; where the answer is wrong, it is no."""
    yes = [p if good else 1 - p for p, good in zip(confidence, right, strict=True)]
    return pd.DataFrame(
        {
            "label": "yes",
            "predicted": ["yes" if good else "no" for good in right],
            "p_no": np.float32([1 - p for p in yes]),
            "p_yes": np.float32(yes),
        }
    )


def test_confidence_that_is_as_often_right_as_it_says_has_no_error() -> None:
    assert calibration_error(table([0.75] * 4, [True, True, True, False]), CLASSES) < 1e-6


def test_the_error_is_the_distance_of_accuracy_and_confidence() -> None:
    found = calibration_error(table([0.9] * 4, [True, True, False, False]), CLASSES)
    assert found == pytest.approx(0.4, abs=1e-6)


def test_bins_are_weighted_by_their_images() -> None:
    # bin of 0.99: accuracy 1, three images; bin of 0.7: accuracy 0, one image
    found = calibration_error(table([0.99, 0.99, 0.99, 0.7], [True, True, True, False]), CLASSES)
    assert found == pytest.approx((3 * 0.01 + 0.7) / 4, abs=1e-6)


def test_bins_without_images_are_left_out() -> None:
    bins = reliability(table([0.99, 1.0, 0.5], [True, False, True]), CLASSES)
    assert bins["images"].tolist() == [1, 2]
    assert bins["right"].tolist() == [1, 1]
    assert bins["high"].iloc[-1] == pytest.approx(1)  # a confidence of 1 is in the last bin
    assert (bins["high"] - bins["low"]).tolist() == pytest.approx([1 / BINS] * 2)
    assert bins["confidence"].tolist() == pytest.approx([0.5, 0.995])


def test_accuracy_is_that_of_the_most_certain_images() -> None:
    predictions = table([0.6, 0.9, 0.8, 0.7], [False, True, True, False])
    assert accuracy_at(predictions, CLASSES).tolist() == pytest.approx([1, 1, 2 / 3, 1 / 2])
    found = calibration(predictions, CLASSES)
    assert found["accuracy_at_coverage"] == {"0.5": 1.0, "0.8": pytest.approx(2 / 3, abs=1e-6)}


def test_one_image_has_a_calibration() -> None:
    found = calibration(table([0.8], [True]), CLASSES)
    assert found == {
        "calibration_error": pytest.approx(0.2, abs=1e-6),
        "accuracy_at_coverage": {"0.5": 1.0, "0.8": 1.0},
    }
