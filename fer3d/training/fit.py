"""From packed arrays to a checkpoint, learning curves and metrics."""

import csv
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint

from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.networks.landmark import landmark_features
from fer3d.store.atomic import write_text
from fer3d.training.checkpoint import Recognizer, save_recognizer
from fer3d.training.config import PRECISIONS, TrainConfig
from fer3d.training.data import Arrays, ExpressionData, ExpressionDataset, Folders, open_set
from fer3d.training.losses import balanced_class_weights
from fer3d.training.metrics import NAMES
from fer3d.training.module import ExpressionModule

MONITOR = "validation_macro_f1"
CURVES = tuple(f"{split}_{name}" for name in ("loss", *NAMES) for split in ("train", "validation"))
DECIMALS = 6  # of values in metrics and curves
_LOGGER = logging.getLogger(__name__)
_FEATURE_BATCH = 4096  # faces


def fit(
    folders: Folders,
    network: NetworkConfig,
    train: TrainConfig,
    *,
    checkpoint: Path,
    curves: Path,
    preprocessing: Mapping[str, Mapping[str, Any]] | None = None,
    device: str = "cpu",
    progress: bool = True,
) -> dict[str, object]:
    """Train a network and keep its best epoch by validation macro F1.

    Equal arguments give equal files and metrics on one machine.

    Args:
        folders: packed arrays whose manifest says which rows are train and validation.
        network: what to train.
        train: how to train it.
        checkpoint: written; see ``fer3d.training.checkpoint``.
        curves: written; a CSV of one row an epoch with the columns epoch and ``CURVES``.
        preprocessing: parameters of the stages that made the arrays, kept with the network so that
            it sees new images as it saw these.
        device: cpu | cuda | auto.
        progress: show a progress bar.

    Returns:
        {epochs, best_epoch (counted from 1), validation: {accuracy, class_accuracy, macro_f1, loss}
        at the best epoch, parameters: how many the network has}.

    Raises:
        UserError: the folders do not fit together, or a split that training needs is empty.
    """
    arrays = open_set(folders)
    with _reproducible(train.seed), tempfile.TemporaryDirectory() as scratch:
        data = ExpressionData(
            arrays, batch_size=train.batch_size, seed=train.seed, max_images=train.max_images
        )
        model = build_network(network, data, arrays)
        module = ExpressionModule(model, len(data.classes), train, _class_weights(train, data))
        history, best = History(), _best_epoch(scratch)
        stop = EarlyStopping(MONITOR, mode="max", patience=train.patience, check_finite=False)
        _trainer(train, [history, best, stop], device, progress).fit(module, datamodule=data)
        state = torch.load(best.best_model_path, map_location="cpu", weights_only=True)
        module.load_state_dict(state["state_dict"])
    recognizer = Recognizer(
        model,
        data.classes,
        arrays.image_size,
        arrays.shading_size,
        asdict(train),
        preprocessing or {},
    )
    save_recognizer(recognizer, checkpoint)
    write_text(curves, history.to_csv())
    return summary(history, best_epoch=state["epoch"], network=model)


def build_network(config: NetworkConfig, data: ExpressionData, arrays: Arrays) -> FusionNetwork:
    """A network for these classes and image sizes, its landmark branch scaled by training faces."""
    network = FusionNetwork(
        config,
        len(data.classes),
        image_size=arrays.image_size,
        shading_size=arrays.shading_size,
    )
    if config.landmark:
        network.branches["landmark"].standardize_by(*feature_scale(data.train))
    return network.to(memory_format=torch.channels_last)  # twice as fast on a CPU


def feature_scale(dataset: ExpressionDataset) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of each landmark distance over the reconstructed faces.

    Returns:
        two of (2278,) float32; 0 and 1 where no face was reconstructed.
    """
    points, found = dataset.landmarks()
    points = points[found]
    if not len(points):
        width = landmark_features(torch.zeros(1, 68, 2)).shape[-1]
        return torch.zeros(width), torch.ones(width)
    total = square = 0.0
    for part in points.split(_FEATURE_BATCH):
        features = landmark_features(part).double()
        total, square = total + features.sum(0), square + (features**2).sum(0)
    mean = total / len(points)
    return mean.float(), (square / len(points) - mean**2).clamp_min(0).sqrt().float()


def summary(history: "History", best_epoch: int, network: torch.nn.Module) -> dict[str, object]:
    """The metrics of training, for train.json; see ``fit``."""
    best = history.epochs[best_epoch]
    return {
        "epochs": len(history.epochs),
        "best_epoch": best_epoch + 1,
        "validation": {name: best[f"validation_{name}"] for name in (*NAMES, "loss")},
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }


class History(Callback):
    """Collects what was logged in each epoch: one mapping of ``CURVES`` an epoch."""

    def __init__(self) -> None:
        self.epochs: list[Mapping[str, float]] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning, after validation."""
        logged = trainer.callback_metrics
        self.epochs.append({name: round(float(logged[name]), DECIMALS) for name in CURVES})
        _LOGGER.info(
            "epoch %d: loss %.3f, validation loss %.3f, validation macro F1 %.3f",
            len(self.epochs),
            *(logged[name] for name in ("train_loss", "validation_loss", MONITOR)),
        )

    def to_csv(self) -> str:
        """The learning curves, epochs counted from 1."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("epoch", *CURVES))
        for number, values in enumerate(self.epochs, start=1):
            writer.writerow((number, *(values[name] for name in CURVES)))
        return text.getvalue()


def _class_weights(train: TrainConfig, data: ExpressionData) -> torch.Tensor | None:
    if train.class_weights == "none":
        return None
    counts = torch.bincount(data.train.labels, minlength=len(data.classes))
    return balanced_class_weights(counts.tolist())


def _best_epoch(folder: str) -> ModelCheckpoint:
    return ModelCheckpoint(
        folder, "best", monitor=MONITOR, mode="max", save_top_k=1, save_weights_only=True
    )


def _trainer(
    train: TrainConfig, callbacks: list[Callback], device: str, progress: bool
) -> pl.Trainer:
    return pl.Trainer(
        accelerator="gpu" if device == "cuda" else device,
        devices=1,
        max_epochs=train.epochs,
        callbacks=callbacks,
        precision=PRECISIONS[train.precision],
        deterministic=True,
        logger=False,
        num_sanity_val_steps=0,
        enable_model_summary=False,
        enable_progress_bar=progress,
        use_distributed_sampler=False,
    )


@contextmanager
def _reproducible(seed: int) -> Iterator[None]:
    """Seed PyTorch and ask for deterministic kernels; afterwards all is as it was."""
    deterministic = torch.are_deterministic_algorithms_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory
    banner = logging.getLogger("pytorch_lightning")
    level = banner.level
    with torch.random.fork_rng(), warnings.catch_warnings():
        # Batches are made by one gather: workers, which Lightning recommends, would not help.
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
        warnings.filterwarnings("ignore", ".*Checkpoint directory .* exists.*")
        banner.setLevel(logging.WARNING)
        torch.manual_seed(seed)
        # A debugging aid for programs that read memory before they write it; it costs time.
        torch.utils.deterministic.fill_uninitialized_memory = False
        try:
            yield
        finally:
            banner.setLevel(level)
            torch.use_deterministic_algorithms(deterministic)
            torch.utils.deterministic.fill_uninitialized_memory = fill
