"""The sections `network` and `train` of ``params.yaml``.

The ranges of their values are defined in ``NetworkConfig`` and ``TrainConfig``.
"""

from typing import Self

from pydantic import model_validator

from fer3d.files.sections import Section, Seed
from fer3d.networks.config import (
    BRANCHES,
    Blocks,
    CenterCrop,
    Dropout,
    ImageChannels,
    NetworkPreset,
    StemStride,
    Width,
    without_branches,
)
from fer3d.training.config import (
    Amount,
    Augmentation,
    ClassWeights,
    Count,
    Images,
    Loss,
    Optimizer,
    Positive,
    Precision,
    Schedule,
    Share,
    Smoothing,
)


class NetworkParams(Section):
    """The section `network`; null stands for the value of the preset."""

    preset: NetworkPreset
    base: bool
    shading: bool
    landmark: bool
    vertices: bool
    features: bool
    dropout: Dropout | None
    stem_stride: StemStride
    width: Width
    blocks: Blocks
    image_channels: ImageChannels
    center_crop: CenterCrop
    mirrored: bool

    @model_validator(mode="after")
    def _a_branch_is_on(self) -> Self:
        if problem := without_branches(*(getattr(self, name) for name in BRANCHES)):
            raise ValueError(problem)
        return self


class TrainParams(Section):
    """The section `train`; null stands for the value of the preset, except in ``max_images``."""

    seed: Seed
    max_images: Images | None
    epochs: Count | None
    patience: Count | None
    batch_size: Images | None
    accumulate: Count
    optimizer: Optimizer | None
    learning_rate: Positive | None
    schedule: Schedule | None
    warmup: Amount | None
    weight_decay: Amount | None
    soft_labels: bool
    teachers: list[str]
    teacher_share: Share
    label_smoothing: Smoothing | None
    augmentation: Augmentation | None
    cut_mix: Share | None
    mix_up: Share | None
    input_noise_variance: Amount | None
    class_weights: ClassWeights | None
    loss: Loss
    focal_alpha: Share
    focal_gamma: Amount
    coarse_epochs: Share | None
    precision: Precision
