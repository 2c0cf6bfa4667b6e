"""The presets, and how the sections `network` and `train` override them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fer3d.networks.config import NetworkConfig
from fer3d.training.config import TrainConfig

PAPER_NETWORK = NetworkConfig()
RECOMMENDED_NETWORK = NetworkConfig(preset="recommended", dropout=0.2)

# Paper A, section 5.1. It gives no number of epochs; early stopping ends the training.
PAPER = TrainConfig(
    epochs=1000,
    patience=10,
    batch_size=128,
    optimizer="adam",
    learning_rate=0.01,
    schedule="constant",
    class_weights="none",
    input_noise_variance=0.5,
)

# Chosen on validation images, see docs/notes/recommended-preset.md.
RECOMMENDED = TrainConfig(
    epochs=24,
    patience=20,
    batch_size=32,
    optimizer="adamw",
    learning_rate=0.002,
    schedule="cosine",
    warmup=1.0,
    weight_decay=0.05,
    label_smoothing=0.1,
    augmentation=0.5,
    class_weights="balanced",
    input_noise_variance=0.0,
)


def network_config(values: Mapping[str, Any]) -> NetworkConfig:
    """The configuration of a preset with some values replaced.

    Args:
        values: values of ``NetworkConfig``, including ``preset``; None keeps the preset's value.
    """
    preset = PAPER_NETWORK if values["preset"] == "paper" else RECOMMENDED_NETWORK
    return replace(preset, **{name: value for name, value in values.items() if value is not None})


def train_config(preset: str, values: Mapping[str, Any]) -> TrainConfig:
    """The configuration of a preset with some values replaced.

    Args:
        preset: paper | recommended.
        values: values of ``TrainConfig``; None keeps the preset's value.
    """
    start = PAPER if preset == "paper" else RECOMMENDED
    return replace(start, **{name: value for name, value in values.items() if value is not None})
