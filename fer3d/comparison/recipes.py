"""Recipes of the articles: optimizer, learning rate, batch size and length of each step."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from fer3d.training.config import TrainConfig

Preset = Literal["article", "recommended"]

FINE_TUNING = 0.1  # of the learning rate, for pretrained weights; as in Zeng's steps 1 and 3

# Common to all six in the preset `article`: Bao et al. use no augmentation, and stop 10 epochs
# after the best one. None of the articles weights classes or smooths labels.
ARTICLE = TrainConfig(
    epochs=100,
    patience=10,
    batch_size=64,
    optimizer="sgd",
    learning_rate=0.01,
    schedule="constant",
    warmup=0.0,
    weight_decay=0.0,
    label_smoothing=0.0,
    augmentation=0.0,
    class_weights="none",
    input_noise_variance=0.0,
)


class Rate(Protocol):
    """A schedule of the learning rate."""

    def __call__(self, step: int, *, steps: int, epochs: int) -> float:
        """Fraction of the learning rate at a step, counted from 0, given the numbers of both."""
        ...


@dataclass(frozen=True)
class Poly:
    """(1 - t / T)^power, to zero at the end."""

    power: float = 0.5

    def __call__(self, step: int, *, steps: int, epochs: int) -> float:
        """See ``Rate``."""
        return max(1 - step / steps, 0.0) ** self.power


@dataclass(frozen=True)
class Drops:
    """The learning rate is multiplied by a factor after given iterations or epochs.

    Attributes:
        factor: of the learning rate.
        iterations: after which it drops.
        epochs: after which it drops.
    """

    factor: float
    iterations: tuple[int, ...] = ()
    epochs: tuple[int, ...] = ()

    def __call__(self, step: int, *, steps: int, epochs: int) -> float:
        """See ``Rate``."""
        places = (*self.iterations, *(epoch * steps / epochs for epoch in self.epochs))
        return self.factor ** sum(step >= place for place in places)


@dataclass(frozen=True)
class Recipe:
    """One step of an article's training.

    Attributes:
        train: optimizer, batch size, number of epochs and so on; from ``ARTICLE`` if unknown.
        rate: schedule of the learning rate; None: constant.
        iterations: total number of steps, which determines the number of epochs.
        fine_tuning: whether the weights are those of another step; the preset `recommended` then
            uses a tenth of its learning rate.
    """

    train: TrainConfig
    rate: Rate | None = None
    iterations: int | None = None
    fine_tuning: bool = False

    def configured(
        self, preset: Preset, recommended: TrainConfig, images: int
    ) -> tuple[TrainConfig, Rate | None]:
        """The configuration of a training.

        Args:
            preset: article | recommended.
            recommended: the preset `recommended`; its seed, precision and accumulation are used for
                both presets.
            images: number of training images.

        Returns:
            The configuration, and the schedule if it is not part of the configuration.
        """
        if preset == "recommended":
            share = FINE_TUNING if self.fine_tuning else 1.0
            rate = share * recommended.learning_rate
            return replace(recommended, learning_rate=rate), None
        ours = {name: getattr(recommended, name) for name in ("seed", "precision", "accumulate")}
        if self.iterations is not None:
            a_epoch = math.ceil(images / self.train.batch_size)
            ours["epochs"] = math.ceil(self.iterations / a_epoch)
        return replace(self.train, **ours), self.rate


# [R]: a re-implementation, [C]: the authors' code, [M]: from memory, not checked on the article.
LI_2017: Mapping[str, Recipe] = {
    # Yjh [R]; the total of 20,000 [M].
    "network": Recipe(
        replace(ARTICLE, weight_decay=5e-4), Drops(0.1, iterations=(5000, 18000)), iterations=20000
    )
}
_JUNG = replace(ARTICLE, batch_size=32, epochs=300, weight_decay=1e-4)  # [R]
JUNG_2015: Mapping[str, Recipe] = {
    "dtan": Recipe(_JUNG),
    "dtgn": Recipe(_JUNG),
    # No source gives the rate of the joint step; a tenth, as for any fine-tuning.
    "joint": Recipe(replace(_JUNG, learning_rate=0.001), fine_tuning=True),
}
ZHANG_2017: Mapping[str, Recipe] = {
    # No source: the usual optimizer at that time, and as many epochs as the other network.
    "mscnn": Recipe(replace(ARTICLE, weight_decay=5e-4)),
    # [R].
    "phrnn": Recipe(
        replace(ARTICLE, optimizer="adam", learning_rate=5e-4, batch_size=32),
        Drops(0.2, epochs=(50,)),
    ),
}
FABIAN_2016: Mapping[str, Recipe] = {}  # not trained by gradients
INC_2016: Mapping[str, Recipe] = {
    # [M]; the batch is ours.
    "network": Recipe(
        replace(ARTICLE, learning_rate=0.001, weight_decay=1e-4, epochs=200), Poly(0.5)
    )
}
# Optimizer, schedule, decay [C]. Rates and lengths are ours: 300,000 iterations of 4 x 64 images
# at 1e-5 are for the published data sets, of hundreds of thousands of images.
_ZENG = Recipe(replace(ARTICLE, weight_decay=5e-4, epochs=60), Poly(0.5))
ZENG_2018: Mapping[str, Recipe] = {
    "base": _ZENG,
    "first-half": _ZENG,
    "second-half": _ZENG,
    "latent-truth": replace(
        _ZENG, train=replace(_ZENG.train, learning_rate=0.001, epochs=30), fine_tuning=True
    ),
}
