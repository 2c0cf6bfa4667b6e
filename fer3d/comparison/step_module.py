"""The LightningModule of a training step, with the model's own objective and schedule."""

from functools import partial
from typing import cast

import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Optimizer

from fer3d.comparison.recipes import Rate
from fer3d.networks.compared.contract import ComparedNetwork
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.config import TrainConfig
from fer3d.training.data import Batch
from fer3d.training.module import ExpressionModule
from fer3d.training.optimizers import SGD_MOMENTUM


class StepModule(ExpressionModule):
    """An ``ExpressionModule`` that uses the objective of the network."""

    def __init__(
        self,
        network: ComparedNetwork,
        classes: int,
        config: TrainConfig,
        class_weights: Tensor | None,
        *,
        article: bool,
        rate: Rate | None,
    ):
        """
        Args:
            network: the network to train.
            classes: C.
            class_weights: (C,) float32, for the criterion.
            article: whether weight decay includes biases and normalization, as in the frameworks of
                the articles.
            rate: schedule of the learning rate; None: the configuration's.
        """
        # a compared network has the attributes that the parent class uses
        super().__init__(cast(FusionNetwork, network), classes, config, class_weights)
        self._article, self._rate = article, rate

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The optimizer, and the schedule of its learning rate by step."""
        if self._rate is None:
            return super().configure_optimizers()
        optimizer = self._optimizer()
        steps = int(self.trainer.estimated_stepping_batches)
        factor = partial(self._rate, steps=steps, epochs=self.config.epochs)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _step(
        self,
        inputs: dict[str, Tensor],
        labels: Tensor,
        split: str,
        targets: Tensor | None = None,  # the articles have no soft labels
    ) -> Tensor:
        network = cast(ComparedNetwork, self.network)
        loss, logits = network.objective(inputs, labels, self._criterion)
        human = labels if labels.ndim == 1 else labels[:, 0]
        return self._counted(loss, logits, human, split)

    def _mixed(
        self, inputs: dict[str, Tensor], batch: Batch
    ) -> tuple[dict[str, Tensor], Tensor | None]:
        """The inputs as they are: the articles mix no images."""
        return inputs, None

    def _criterion(self, logits: Tensor, labels: Tensor) -> Tensor:
        return self._loss(logits, labels, self.class_weights)

    def _optimizer(self) -> Optimizer:
        if not self._article:
            return super()._optimizer()
        rate, decay = self.config.learning_rate, self.config.weight_decay
        learning = [values for values in self.network.parameters() if values.requires_grad]
        if self.config.optimizer == "sgd":
            return torch.optim.SGD(
                learning, rate, momentum=SGD_MOMENTUM, weight_decay=decay, fused=True
            )
        return torch.optim.Adam(learning, rate, weight_decay=decay, fused=True)
