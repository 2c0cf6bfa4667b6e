"""Training parameters."""

import pytest

from fer3d.training.config import PAPER, TrainConfig


def test_the_papers_values() -> None:
    assert (PAPER.batch_size, PAPER.optimizer, PAPER.learning_rate) == (128, "adam", 0.01)
    assert (PAPER.patience, PAPER.input_noise_variance) == (10, 0.5)
    assert (PAPER.focal_alpha, PAPER.focal_gamma, PAPER.loss) == (0.25, 2.0, "cross_entropy")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("patience", 0),
        ("batch_size", 1),
        ("learning_rate", 0.0),
        ("weight_decay", -1.0),
        ("focal_alpha", 1.5),
        ("focal_gamma", -1.0),
        ("input_noise_variance", -0.1),
        ("optimizer", "lion"),
        ("schedule", "steps"),
        ("precision", "float16"),
        ("loss", "hinge"),
        ("class_weights", "yes"),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"train\.{name}: expected .*, got"):
        TrainConfig(**{name: value})
