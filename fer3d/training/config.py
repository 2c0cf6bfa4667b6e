"""What decides how the network is trained."""

from dataclasses import dataclass

OPTIMIZERS = ("adam", "adamw", "sgd")
SCHEDULES = ("constant", "cosine")
PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed"}  # ours to Lightning's
LOSSES = ("cross_entropy", "focal")
CLASS_WEIGHTS = ("balanced", "none")
MIN_BATCH = 4  # images; fewer give batch normalization no variance to speak of


def _require(name: str, value: object, holds: bool, expected: str) -> None:
    if not holds:
        raise ValueError(f"train.{name}: expected {expected}, got {value!r}")


@dataclass(frozen=True)
class TrainConfig:
    """How the network is trained; ``PAPER`` has the values of the paper.

    Attributes:
        seed: of the initial weights, the order of images, dropout and input noise.
        max_images: training images at most, drawn at random by ``seed``; None takes all.
        epochs: at most.
        patience: epochs without a better validation macro F1 before training stops.
        batch_size: images; batches of an epoch differ by at most one image.
        optimizer: adam | adamw | sgd (with momentum 0.9).
        learning_rate: at the start.
        schedule: constant, or cosine from ``learning_rate`` to zero over ``epochs``.
        weight_decay: of the optimizer.
        loss: cross_entropy | focal.
        focal_alpha: balance of the focal loss, 0 .. 1.
        focal_gamma: rate of down-weighting in the focal loss, 0 or more.
        class_weights: balanced (inverse to the class's size in the training set) | none.
        input_noise_variance: of Gaussian noise on images and shadings of about unit variance.
        precision: float32, or bfloat16 for convolutions and matrix products where the processor
            computes in it (twice as fast there, slower elsewhere).

    Raises:
        ValueError: a value is out of range; the message names it.
    """

    seed: int = 0
    max_images: int | None = None
    epochs: int = 10
    patience: int = 10
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 0.001
    schedule: str = "cosine"
    weight_decay: float = 0.0
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
        enough = self.batch_size >= MIN_BATCH
        _require("batch_size", self.batch_size, enough, f"at least {MIN_BATCH}")
        _require("learning_rate", self.learning_rate, self.learning_rate > 0, "more than 0")
        _require("weight_decay", self.weight_decay, self.weight_decay >= 0, "0 or more")
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


# Paper A, section 5.1. With Adam at 0.01 its network without batch normalization diverges.
PAPER = TrainConfig(
    batch_size=128,
    learning_rate=0.01,
    schedule="constant",
    class_weights="none",
    input_noise_variance=0.5,
    epochs=1000,  # the paper gives early stopping alone
)
