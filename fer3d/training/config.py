"""What decides how the network is trained."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fer3d.errors import UserError

OPTIMIZERS = ("adam", "adamw", "sgd")
SCHEDULES = ("constant", "cosine")
# Ours to Lightning's.
PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed", "float16": "16-mixed"}
LOSSES = ("cross_entropy", "focal")
CLASS_WEIGHTS = ("balanced", "none")
MAX_AUGMENTATION = 2  # times the changes in ``augment``
MIN_BATCH = 4  # images; fewer give batch normalization no variance to speak of


def _require(name: str, value: object, holds: bool, expected: str) -> None:
    if not holds:
        raise UserError(f"train.{name}: expected {expected}, got {value!r}")


@dataclass(frozen=True)
class TrainConfig:
    """How the network is trained; ``PAPER`` and ``RECOMMENDED`` are the presets.

    Attributes:
        seed: of the initial weights, the order of images, dropout, augmentation and input noise.
        max_images: training images at most, drawn at random by ``seed``; None takes all.
        epochs: at most.
        patience: epochs without a better validation macro F1 before training stops.
        batch_size: images a step, whatever ``accumulate`` and the number of devices; batches of an
            epoch differ by at most one image.
        accumulate: parts in which a batch is computed one after the other, in less memory.
        optimizer: adam | adamw | sgd (with momentum 0.9).
        learning_rate: the largest.
        schedule: constant, or cosine from ``learning_rate`` to zero over ``epochs``.
        warmup: epochs in which the learning rate rises from zero, before its schedule.
        weight_decay: of the optimizer, on the weights of convolutions and layers; normalization and
            biases have none.
        label_smoothing: probability that the target gives away to all classes alike, 0 .. 1.
        augmentation: strength of the random changes of training images, see ``augment``.
        loss: cross_entropy | focal.
        focal_alpha: balance of the focal loss, 0 .. 1.
        focal_gamma: rate of down-weighting in the focal loss, 0 or more.
        class_weights: balanced (inverse to the class's size in the training set) | none.
        input_noise_variance: of Gaussian noise on images and shadings of about unit variance.
        precision: float32, or bfloat16 for convolutions and matrix products where the processor
            computes in it (twice as fast there, slower elsewhere), or float16 on an older GPU, with
            the loss scaled so that small gradients are kept.

    Raises:
        UserError: a value is out of range; the message names it.
    """

    seed: int = 0
    max_images: int | None = None
    epochs: int = 10
    patience: int = 10
    batch_size: int = 32
    accumulate: int = 1
    optimizer: str = "adam"
    learning_rate: float = 0.001
    schedule: str = "cosine"
    warmup: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    augmentation: float = 0.0
    loss: str = "cross_entropy"
    focal_alpha: float = 0.25
    focal_gamma: float = 2.0
    class_weights: str = "balanced"
    input_noise_variance: float = 0.05
    precision: str = "float32"

    def __post_init__(self) -> None:
        enough = self.max_images is None or self.max_images >= MIN_BATCH
        _require("max_images", self.max_images, enough, f"None or at least {MIN_BATCH}")
        _require("epochs", self.epochs, self.epochs >= 1, "at least 1")
        _require("patience", self.patience, self.patience >= 1, "at least 1")
        _require("accumulate", self.accumulate, self.accumulate >= 1, "at least 1")
        smallest = MIN_BATCH * self.accumulate
        expected = f"at least {MIN_BATCH} images in each of {self.accumulate} parts"
        _require("batch_size", self.batch_size, self.batch_size >= smallest, expected)
        _require("learning_rate", self.learning_rate, self.learning_rate > 0, "more than 0")
        _require("weight_decay", self.weight_decay, self.weight_decay >= 0, "0 or more")
        _require("warmup", self.warmup, 0 <= self.warmup <= self.epochs, "0 .. epochs")
        smoothing, strength = self.label_smoothing, self.augmentation
        _require("label_smoothing", smoothing, 0 <= smoothing < 1, "0 .. 1, less than 1")
        _require("augmentation", strength, 0 <= strength <= MAX_AUGMENTATION, "0 .. 2")
        _require("focal_alpha", self.focal_alpha, 0 <= self.focal_alpha <= 1, "0 .. 1")
        _require("focal_gamma", self.focal_gamma, self.focal_gamma >= 0, "0 or more")
        variance = self.input_noise_variance
        _require("input_noise_variance", variance, variance >= 0, "0 or more")
        for name, known in (
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
            ("precision", PRECISIONS),
            ("loss", LOSSES),
            ("class_weights", CLASS_WEIGHTS),
        ):
            value = getattr(self, name)
            _require(name, value, value in known, " | ".join(known))


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


def train_config(preset: str, values: Mapping[str, object]) -> TrainConfig:
    """A preset with other values where they are given.

    Args:
        preset: paper | recommended.
        values: of ``TrainConfig``; None stands for the preset's value.
    """
    start = PAPER if preset == "paper" else RECOMMENDED
    return replace(start, **{name: value for name, value in values.items() if value is not None})
