"""Configuration of the training."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fer3d.errors import UserError
from fer3d.networks.ranges import Range, check_ranges

MIN_BATCH = 4  # images; batch normalization needs an estimate of the variance

Count = Annotated[int, Range(ge=1)]
Images = Annotated[int, Range(ge=MIN_BATCH)]
Amount = Annotated[float, Range(ge=0)]
Positive = Annotated[float, Range(gt=0)]
Share = Annotated[float, Range(ge=0, le=1)]
Smoothing = Annotated[float, Range(ge=0, lt=1)]
Augmentation = Annotated[float, Range(ge=0, le=2)]  # factor of the changes in ``augment``
Optimizer = Literal["adam", "adamw", "sgd", "muon"]
Schedule = Literal["constant", "cosine"]
ClassWeights = Literal["balanced", "none"]
Loss = Literal["cross_entropy", "focal"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]

# Lightning's names of the precisions; `auto` stands for one of them, see ``Runtime.settled``.
PRECISIONS: Mapping[Precision, Literal["32-true", "bf16-mixed", "16-mixed"]] = {
    "float32": "32-true",
    "bfloat16": "bf16-mixed",
    "float16": "16-mixed",
}


@dataclass(frozen=True)
class TrainConfig:
    """Hyperparameters of the training; ``fer3d.presets`` has the presets.

    Attributes:
        seed: seed of the initial weights, order of images, dropout, augmentation and input noise.
        max_images: largest number of training rows, drawn by ``seed`` in each class; None: all.
        epochs: largest number of epochs.
        patience: epochs without a better validation macro F1 before training stops.
        batch_size: images per step, for any ``accumulate`` and number of devices; batches of an
            epoch differ by at most one image.
        accumulate: number of parts in which a batch is computed, to save memory.
        optimizer: adam | adamw | sgd (with momentum 0.9) | muon (orthogonal steps for
            matrices, AdamW's for the rest; see ``fer3d.training.muon``).
        learning_rate: maximum learning rate.
        schedule: constant, or cosine from ``learning_rate`` to zero over ``epochs``.
        warmup: epochs of linear warm-up from zero.
        weight_decay: of the weights of convolutions and linear layers, not of normalization and
            biases.
        soft_labels: the targets of training images are the annotators' votes, where they are known.
        teachers: paths of recognizers whose mean answer is a part of the target, see ``Lesson``.
        teacher_share: of that answer in the target; label or votes have the rest.
        label_smoothing: probability that the target distributes evenly over all classes.
        augmentation: strength of the random changes of training images, see ``augment``.
        cut_mix: share of the training faces that have a rectangle of another one, see ``mix``.
        mix_up: share of the training faces that are averaged with another one, see ``mix``.
        loss: cross_entropy | focal.
        focal_alpha: balance of the focal loss.
        focal_gamma: rate of down-weighting in the focal loss.
        class_weights: balanced (inverse to the size of the class in the training set) | none.
        input_noise_variance: variance of Gaussian noise on standardized images and shading images.
        coarse_epochs: fraction of ``epochs``, the first ones, with smaller images, see ``coarser``.
        precision: float32; bfloat16 for convolutions and matrix products (twice as fast if the
            processor has instructions for it, otherwise much slower); float16 for older GPUs, with
            loss scaling; auto for bfloat16 where the device has instructions for it, or float32.

    Raises:
        UserError: a value is out of range; the message names it.
    """

    seed: int = 0
    max_images: Images | None = None
    epochs: Count = 10
    patience: Count = 10
    batch_size: Images = 32
    accumulate: Count = 1
    optimizer: Optimizer = "adam"
    learning_rate: Positive = 0.001
    schedule: Schedule = "cosine"
    warmup: Amount = 0.0
    weight_decay: Amount = 0.0
    soft_labels: bool = False
    teachers: list[str] = field(default_factory=list)
    teacher_share: Share = 0.7
    label_smoothing: Smoothing = 0.0
    augmentation: Augmentation = 0.0
    cut_mix: Share = 0.0
    mix_up: Share = 0.0
    loss: Loss = "cross_entropy"
    focal_alpha: Share = 0.25
    focal_gamma: Amount = 2.0
    class_weights: ClassWeights = "balanced"
    input_noise_variance: Amount = 0.05
    coarse_epochs: Share = 0.0
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        check_ranges("train", self)
        if self.batch_size < MIN_BATCH * self.accumulate:
            raise UserError(
                f"train.batch_size: expected at least {MIN_BATCH} images in each of "
                f"{self.accumulate} parts, got {self.batch_size}: raise it, or lower "
                "train.accumulate"
            )
        if self.cut_mix + self.mix_up > 1:
            raise UserError(
                "train.cut_mix, train.mix_up: expected shares with a sum of at most 1, got "
                f"{self.cut_mix!r} and {self.mix_up!r}"
            )
        if self.warmup > self.epochs:
            raise UserError(f"train.warmup: expected 0 .. epochs, got {self.warmup!r}")
