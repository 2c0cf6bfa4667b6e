"""The presets, and what the sections `network` and `train` make of them."""

from collections.abc import Mapping
from dataclasses import replace

from fer3d.networks.config import NetworkConfig
from fer3d.training.config import TrainConfig

PAPER_NETWORK = NetworkConfig()
RECOMMENDED_NETWORK = NetworkConfig(preset="recommended", dropout=0.2)

# Paper A, section 5.1, which names no largest number of epochs: early stopping ends training.
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

# What did best on validation images, see docs/results.md.
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


def network_config(values: Mapping[str, object]) -> NetworkConfig:
    """A preset with other values where they are given.

    Args:
        values: of ``NetworkConfig``, ``preset`` among them; None stands for the preset's value.
    """
    preset = PAPER_NETWORK if values["preset"] == "paper" else RECOMMENDED_NETWORK
    return replace(preset, **{name: value for name, value in values.items() if value is not None})


def train_config(preset: str, values: Mapping[str, object]) -> TrainConfig:
    """A preset with other values where they are given.

    Args:
        preset: paper | recommended.
        values: of ``TrainConfig``; None stands for the preset's value.
    """
    start = PAPER if preset == "paper" else RECOMMENDED
    return replace(start, **{name: value for name, value in values.items() if value is not None})
