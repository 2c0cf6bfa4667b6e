"""Calibration by a temperature."""

import numpy as np
import pytest

from fer3d.training.temperature import RANGE, best_temperature


def drawn(temperature: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from softmax(logits / temperature)."""
    generator = np.random.default_rng(0)
    logits = 3 * generator.standard_normal((count, 5))
    gumbel = generator.gumbel(size=logits.shape)
    return logits, np.argmax(logits / temperature + gumbel, axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_the_labels_is_found(temperature: float) -> None:
    assert best_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.03)


def test_logits_that_are_always_right_get_the_smallest_temperature() -> None:
    logits = np.eye(4, dtype=np.float32)
    assert best_temperature(logits, np.arange(4)) == pytest.approx(RANGE[0], rel=0.01)


def test_the_mean_confidence_is_the_accuracy() -> None:
    """Also where labels are not drawn from any softmax of the logits."""
    logits, labels = drawn(1.0)
    labels[:6000] = 0
    temperature = best_temperature(logits, labels)
    scaled = np.exp(logits / temperature)
    confidence = (scaled.max(axis=1) / scaled.sum(axis=1)).mean()
    assert confidence == pytest.approx((logits.argmax(axis=1) == labels).mean(), abs=1e-6)


def test_logits_that_are_always_wrong_get_the_largest_temperature() -> None:
    logits = np.eye(4, dtype=np.float32)
    assert best_temperature(logits, (np.arange(4) + 1) % 4) == RANGE[1]
