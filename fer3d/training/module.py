"""The LightningModule: loss, metrics and optimizer of a network.

Random numbers of training depend only on (seed, epoch, process, batch), so that a resumed training
is equal to an uninterrupted one.
"""

from functools import partial
from typing import cast

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer
from torchmetrics import MeanMetric, MetricCollection

from fer3d.networks.branches.vertices import VerticesNetwork
from fer3d.networks.fusion import FusionNetwork
from fer3d.networks.inputs import raw_inputs, to_inputs
from fer3d.networks.layers import PIXEL_STD
from fer3d.training.augment import augment, coarser
from fer3d.training.config import TrainConfig
from fer3d.training.data import Batch
from fer3d.training.losses import cross_entropy, focal_loss
from fer3d.training.metrics import classification_metrics
from fer3d.training.mixing import mix, one_hot
from fer3d.training.optimizers import make_optimizer, rate_factor


def add_input_noise(
    inputs: dict[str, Tensor], variance: float, generator: torch.Generator
) -> dict[str, Tensor]:
    """Add Gaussian noise to image and shading image.

    Args:
        inputs: arguments of ``FusionNetwork.forward``, pixels in [0, 1].
        variance: in units of the standardized image, whose variance is about 1 (the paper gives a
            variance of 0.5 without a unit; in units of [0, 1] it would hide the face).
        generator: on the device of the batch.

    Source: paper A, section 5.1.
    """
    if variance == 0:
        return inputs
    spread = PIXEL_STD * variance**0.5
    return inputs | {
        name: inputs[name] + spread * _noise(inputs[name].shape, generator)
        for name in ("image", "shading")
    }


def _noise(shape: torch.Size, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device)


def derived_seed(*parts: int) -> int:
    """A seed of 63 bits derived from non-negative numbers."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))


def seed_dropout(seed: int, device: torch.device) -> None:
    """Seed PyTorch's generator of a device; ``torch.manual_seed`` looks for GPUs at every call."""
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


class ExpressionModule(pl.LightningModule):
    """Trains a network on batches of ``ExpressionDataset``.

    Logged at the end of an epoch: ``<split>_loss``, ``<split>_accuracy``,
    ``<split>_class_accuracy`` and ``<split>_macro_f1`` for train (with dropout, augmentation,
    mixing and input noise) and validation. A step never synchronizes with the device.
    """

    class_weights: Tensor | None

    def __init__(
        self,
        network: FusionNetwork,
        classes: int,
        config: TrainConfig,
        class_weights: Tensor | None = None,
    ):
        """
        Args:
            network: the network to train.
            classes: number of classes, C.
            config: loss, optimizer, augmentation.
            class_weights: (C,) float32, weights of the classes in the loss.
        """
        super().__init__()
        self.network = network
        self.config = config
        self._classes = classes
        self.register_buffer("class_weights", class_weights)
        metrics = classification_metrics(classes)
        self.metrics = nn.ModuleDict(
            {
                "train_metrics": metrics.clone(prefix="train_"),
                "validation_metrics": metrics.clone(prefix="validation_"),
                # a loss that is not finite is reported at the end of the epoch
                "train_loss": MeanMetric(nan_strategy="disable"),
                "validation_loss": MeanMetric(nan_strategy="disable"),
            }
        )
        smoothing = config.label_smoothing
        self._loss = partial(cross_entropy, smoothing=smoothing)
        if config.loss == "focal":
            alpha, gamma = config.focal_alpha, config.focal_gamma
            self._loss = partial(focal_loss, alpha=alpha, gamma=gamma, smoothing=smoothing)

    def on_train_start(self) -> None:
        """Called by Lightning, on the device."""
        self._generator = torch.Generator(self.device)

    def on_train_epoch_start(self) -> None:
        """Called by Lightning."""
        self._log("train")

    def on_validation_epoch_start(self) -> None:
        """Called by Lightning."""
        self._log("validation")

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of a training batch, summed over the classifiers; with augmentation and noise."""
        place = (self.config.seed, self.current_epoch, self.global_rank, batch_idx)
        seed_dropout(derived_seed(*place, 0), self.device)
        self._generator.manual_seed(derived_seed(*place, 1))
        with torch.autocast(self.device.type, enabled=False):
            inputs = self._changed(batch)  # in bfloat16, points would move by a quarter of a px
            inputs, targets = self._mixed(inputs, batch)
        return self._step(inputs, batch["label"], "train", targets)

    def validation_step(self, batch: Batch) -> None:
        """Loss and metrics of a validation batch, in float32, as `evaluate` computes them."""
        with torch.autocast(self.device.type, enabled=False):
            self._step(to_inputs(batch), batch["label"], "validation")

    def on_validation_start(self) -> None:
        """Called by Lightning: all processes validate with the same running statistics."""
        if self.trainer.world_size > 1:
            for values in self.network.buffers():
                if values.is_floating_point():
                    values.copy_(self.trainer.strategy.reduce(values.clone(), reduce_op="mean"))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The optimizer and its learning rate schedule, by step."""
        optimizer = self._optimizer()
        if self.config.schedule == "constant" and not self.config.warmup:
            return {"optimizer": optimizer}
        steps = int(self.trainer.estimated_stepping_batches)
        warmup = steps * self.config.warmup / self.config.epochs
        factor = partial(rate_factor, steps=steps, warmup=warmup, schedule=self.config.schedule)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _changed(self, batch: Batch) -> dict[str, Tensor]:
        """Inputs of the network with augmentation and noise, float32."""
        inputs = self.network.reduced(raw_inputs(batch))
        if self.current_epoch < self.config.coarse_epochs * self.config.epochs:
            inputs = coarser(inputs)
        inputs = augment(
            inputs,
            self.config.augmentation,
            self._generator,
            side=batch["image"].shape[1],
            partners=self._partners(inputs),
        )
        return add_input_noise(inputs, self.config.input_noise_variance, self._generator)

    def _mixed(
        self, inputs: dict[str, Tensor], batch: Batch
    ) -> tuple[dict[str, Tensor], Tensor | None]:
        """Inputs and targets of the batch after cut-mix and mix-up; no targets: the labels."""
        cut_mix, mix_up = self.config.cut_mix, self.config.mix_up
        targets = batch.get("target")
        if not cut_mix + mix_up:
            return inputs, targets
        if targets is None:
            targets = one_hot(batch["label"], self._classes)
        return mix(inputs, targets, self._generator, cut_mix=cut_mix, mix_up=mix_up)

    def _partners(self, inputs: dict[str, Tensor]) -> Tensor | None:
        if "vertices" not in inputs:
            return None
        return cast(VerticesNetwork, self.network.branches["vertices"]).partners

    def _step(
        self,
        inputs: dict[str, Tensor],
        labels: Tensor,
        split: str,
        targets: Tensor | None = None,
    ) -> Tensor:
        heads = self.network.heads(**inputs)
        wanted = labels if targets is None else targets
        losses = [self._loss(logits, wanted, self.class_weights) for logits in heads]
        return sum(losses[1:], self._counted(losses[0], heads[0], labels, split))

    def _counted(self, loss: Tensor, logits: Tensor, labels: Tensor, split: str) -> Tensor:
        """The loss, after it and the metrics were counted."""
        cast(MetricCollection, self.metrics[f"{split}_metrics"]).update(logits, labels)
        count = torch.full((), float(len(labels)), device=loss.device)
        cast(MeanMetric, self.metrics[f"{split}_loss"]).update(loss.detach(), count)
        return loss

    def _log(self, split: str) -> None:
        """Announce what Lightning computes at the end of an epoch; once, for it takes a while."""
        metrics = cast(MetricCollection, self.metrics[f"{split}_metrics"])
        loss = cast(MeanMetric, self.metrics[f"{split}_loss"])
        self.log_dict(metrics, on_step=False, on_epoch=True, batch_size=1)
        self.log(f"{split}_loss", loss, on_step=False, on_epoch=True, batch_size=1)

    def _optimizer(self) -> Optimizer:
        parameters, first = self.network.parameters(), self.network.first_layers
        return make_optimizer(parameters, self.config, self._classes, first)
