"""The LightningModule: loss, metrics and optimizer around a network that is passed in."""

from functools import partial

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from fer3d.networks.inputs import to_inputs
from fer3d.networks.layers import PIXEL_STD
from fer3d.training.config import TrainConfig
from fer3d.training.data import Batch
from fer3d.training.losses import cross_entropy, focal_loss
from fer3d.training.metrics import classification_metrics

SGD_MOMENTUM = 0.9


def add_input_noise(inputs: dict[str, Tensor], variance: float) -> dict[str, Tensor]:
    """Gaussian noise on image and shading, from PyTorch's seeded generator.

    Args:
        inputs: of ``FusionNetwork.forward``, pixels in [0, 1].
        variance: in units of the standardized image, whose variance is about 1 (the paper gives a
            variance of 0.5 and no unit; in units of [0, 1] little of the face would be left).

    Source: paper A, section 5.1.
    """
    if variance == 0:
        return inputs
    spread = PIXEL_STD * variance**0.5
    return inputs | {name: _noisy(inputs[name], spread) for name in ("image", "shading")}


def _noisy(image: Tensor, spread: float) -> Tensor:
    noise = torch.randn(image.shape, device=image.device)  # randn_like is slow on channels-last
    return image + spread * noise


class ExpressionModule(pl.LightningModule):
    """Trains a network on batches of ``ExpressionDataset``.

    Logged at the end of an epoch: ``<split>_loss``, ``<split>_accuracy``,
    ``<split>_class_accuracy`` and ``<split>_macro_f1`` for train (with dropout and input noise, as
    it is trained) and validation.
    """

    def __init__(
        self,
        network: nn.Module,
        classes: int,
        config: TrainConfig,
        class_weights: Tensor | None = None,
    ):
        """
        Args:
            network: takes the inputs of ``to_inputs``, gives (B, C) logits.
            classes: number of classes, C.
            class_weights: (C,) float32, of the loss.
        """
        super().__init__()
        self.network = network
        self.config = config
        self.register_buffer("class_weights", class_weights)
        metrics = classification_metrics(classes)
        self.metrics = nn.ModuleDict(
            {
                "train_metrics": metrics.clone(prefix="train_"),
                "validation_metrics": metrics.clone(prefix="validation_"),
            }
        )
        self._loss = cross_entropy
        if config.loss == "focal":
            self._loss = partial(focal_loss, alpha=config.focal_alpha, gamma=config.focal_gamma)

    def training_step(self, batch: Batch) -> Tensor:
        """Loss of a training batch, with input noise."""
        inputs = add_input_noise(to_inputs(batch), self.config.input_noise_variance)
        return self._step(inputs, batch["label"], "train")

    def validation_step(self, batch: Batch) -> None:
        """Loss and metrics of a validation batch."""
        self._step(to_inputs(batch), batch["label"], "validation")

    def configure_optimizers(self) -> dict[str, object]:
        """The optimizer, and the schedule of its learning rate by epoch."""
        optimizer = self._optimizer()
        if self.config.schedule == "constant":
            return {"optimizer": optimizer}
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=self.config.epochs)
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def _step(self, inputs: dict[str, Tensor], labels: Tensor, split: str) -> Tensor:
        logits = self.network(**inputs)
        loss = self._loss(logits, labels, self.class_weights)
        metrics = self.metrics[f"{split}_metrics"]
        metrics.update(logits, labels)
        self.log_dict(metrics, on_step=False, on_epoch=True)
        self.log(f"{split}_loss", loss, on_step=False, on_epoch=True, batch_size=len(labels))
        return loss

    def _optimizer(self) -> Optimizer:
        options = {"lr": self.config.learning_rate, "weight_decay": self.config.weight_decay}
        if self.config.optimizer == "sgd":
            return torch.optim.SGD(self.network.parameters(), momentum=SGD_MOMENTUM, **options)
        kind = torch.optim.Adam if self.config.optimizer == "adam" else torch.optim.AdamW
        return kind(self.network.parameters(), fused=True, **options)
