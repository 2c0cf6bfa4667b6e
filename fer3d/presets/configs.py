"""The presets, and how the sections `network` and `train` override them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from fer3d.networks.config import NetworkConfig
from fer3d.training.config import TrainConfig

Config = TypeVar("Config", NetworkConfig, TrainConfig)

PAPER_NETWORK = NetworkConfig()
RECOMMENDED_NETWORK = NetworkConfig(preset="recommended", dropout=0.2)
PHOTOS_NETWORK = NetworkConfig(preset="photos", dropout=0.4)

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
    precision="auto",
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
    precision="auto",
)

# For tens of thousands of photos, see docs/notes/recognition.md.
PHOTOS = replace(
    RECOMMENDED,
    epochs=60,
    patience=60,
    batch_size=128,
    optimizer="muon",
    learning_rate=0.004,
    warmup=3.0,
    augmentation=1.0,
    coarse_epochs=0.6,
    class_weights="none",
)

NETWORKS = {"paper": PAPER_NETWORK, "recommended": RECOMMENDED_NETWORK, "photos": PHOTOS_NETWORK}
TRAININGS = {"paper": PAPER, "recommended": RECOMMENDED, "photos": PHOTOS}


def network_config(values: Mapping[str, Any]) -> NetworkConfig:
    """The configuration of a preset with some values replaced.

    Args:
        values: values of ``NetworkConfig``, including ``preset``; None keeps the preset's value.
    """
    return _override(NETWORKS[values["preset"]], values)


def train_config(preset: str, values: Mapping[str, Any]) -> TrainConfig:
    """The configuration of a preset with some values replaced.

    Args:
        preset: paper | recommended | photos.
        values: values of ``TrainConfig``; None keeps the preset's value.
    """
    return _override(TRAININGS[preset], values)


def _override(preset: Config, values: Mapping[str, Any]) -> Config:
    return replace(preset, **{name: value for name, value in values.items() if value is not None})
