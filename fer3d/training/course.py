"""Learning curves, the best epoch, and early stopping."""

import csv
import io
import logging
import math
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from fer3d.errors import UserError
from fer3d.training.metrics import NAMES

MONITOR = "validation_macro_f1"
CURVES = tuple(f"{split}_{name}" for name in ("loss", *NAMES) for split in ("train", "validation"))
DECIMALS = 6  # of values in metrics and curves
_LOGGER = logging.getLogger(__name__)


class Course(Callback):
    """Records curves and the weights of the best epoch, and stops after ``patience`` worse epochs.

    It is part of the training state, so that a resumed training continues with it.

    Attributes:
        epochs: a mapping of ``CURVES`` for each epoch.
        best_epoch: the first epoch with the largest validation macro F1, counted from 0; initially
            -1.
        best_weights: weights of the module after that epoch, on the CPU.
    """

    def __init__(self, patience: int) -> None:
        self.epochs: list[Mapping[str, float]] = []
        self.best_epoch = -1
        self.best_weights: dict[str, Tensor] = {}
        self._patience = patience

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning: a resumed training that was already finished stops at once."""
        trainer.should_stop = self._is_over()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning, after validation.

        Raises:
            UserError: the loss is not finite (NaN); nothing of such a training is kept.
        """
        logged = trainer.callback_metrics
        self.epochs.append({name: round(float(logged[name]), DECIMALS) for name in CURVES})
        if not all(math.isfinite(value) for value in self.epochs[-1].values()):
            raise UserError(
                f"training diverged in epoch {len(self.epochs)} (the loss is not finite): lower "
                "train.learning_rate"
            )
        if self.best_epoch < 0 or self._value(-1) > self._value(self.best_epoch):
            self.best_epoch = len(self.epochs) - 1
            self.best_weights = {
                name: value.detach().cpu().clone() for name, value in pl_module.state_dict().items()
            }
        trainer.should_stop = trainer.should_stop or self._is_over()
        if trainer.is_global_zero:
            _LOGGER.info(
                "epoch %d: loss %.3f, validation loss %.3f, validation macro F1 %.3f",
                len(self.epochs),
                *(self.epochs[-1][name] for name in ("train_loss", "validation_loss", MONITOR)),
            )

    def state_dict(self) -> dict[str, Any]:
        """Called by Lightning, for a training state."""
        return {"epochs": self.epochs, "best": self.best_epoch, "weights": self.best_weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Called by Lightning, from a training state."""
        self.epochs = list(state_dict["epochs"])
        self.best_epoch = state_dict["best"]
        self.best_weights = state_dict["weights"]

    def to_csv(self) -> str:
        """The learning curves, epochs counted from 1."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("epoch", *CURVES))
        for number, values in enumerate(self.epochs, start=1):
            writer.writerow((number, *(values[name] for name in CURVES)))
        return text.getvalue()

    def summary(self) -> dict[str, object]:
        """{epochs, best_epoch (counted from 1), validation: {...} at the best epoch}."""
        best = self.epochs[self.best_epoch]
        return {
            "epochs": len(self.epochs),
            "best_epoch": self.best_epoch + 1,
            "validation": {name: best[f"validation_{name}"] for name in (*NAMES, "loss")},
        }

    def _value(self, epoch: int) -> float:
        return self.epochs[epoch][MONITOR]

    def _is_over(self) -> bool:
        return len(self.epochs) - 1 - self.best_epoch >= self._patience
