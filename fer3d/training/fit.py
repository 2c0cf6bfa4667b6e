"""Trains a network on packed arrays; gives a checkpoint, learning curves and metrics."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.plugins.environments import LightningEnvironment

from fer3d.errors import UserError
from fer3d.files.atomic import write_json, write_text
from fer3d.files.folders import Folders
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.networks.landmark import landmark_features
from fer3d.training.checkpoint import Recognizer, save_recognizer
from fer3d.training.config import PRECISIONS, TrainConfig
from fer3d.training.course import Course
from fer3d.training.data import Arrays, ExpressionData, ExpressionDataset, open_set
from fer3d.training.losses import balanced_class_weights
from fer3d.training.module import ExpressionModule
from fer3d.training.resume import TrainingState, finish, last_state, state_file

_FEATURE_BATCH = 4096  # faces


def fit(
    folders: Folders,
    network: NetworkConfig,
    train: TrainConfig,
    *,
    checkpoint: Path,
    curves: Path,
    metrics: Path | None = None,
    preprocessing: Mapping[str, Mapping[str, Any]] | None = None,
    state: Path | None = None,
    device: str = "cpu",
    devices: int = 1,
    progress: bool = True,
) -> dict[str, object]:
    """Train a network and keep its best epoch by validation macro F1.

    Equal arguments give equal files and metrics on one machine, interrupted or not.

    Args:
        folders: packed arrays whose manifest says which rows are train and validation.
        network: what to train.
        train: how to train it.
        checkpoint: written; see ``fer3d.training.checkpoint``.
        curves: written; a CSV of one row an epoch with the columns epoch and ``CURVES``.
        metrics: written, where given: what is returned, as JSON.
        preprocessing: parameters of the stages that made the arrays, kept with the network so that
            it sees new images as it saw these.
        state: a folder for the states of trainings, so that one that was killed goes on; None: it
            starts again.
        device: cpu | cuda.
        devices: processes, each with a device of its own, that share every batch. With more than
            one the calling program is started once for each of the others, and all of them reach
            this function; the first one writes.
        progress: show a progress bar.

    Returns:
        {epochs, best_epoch (counted from 1), validation: {accuracy, class_accuracy, macro_f1, loss}
        at the best epoch, parameters: how many the network has}.

    Raises:
        UserError: the folders do not fit together, a split that training needs is empty, or there
            are not the GPUs that precision or ``devices`` ask for, or the loss is not finite.
    """
    arrays = open_set(folders, vertices=network.vertices)
    preprocessing = preprocessing or {}
    _require_hardware(train.precision, device, devices)
    where = {"device": device, "devices": devices}
    parts = {"network": asdict(network), "train": asdict(train), "preprocessing": preprocessing}
    resume = state and state_file(state, folders, parts | where)
    start = last_state(resume) if resume else None
    with _reproducible(train.seed):
        data = ExpressionData(
            arrays,
            batch_size=train.batch_size,
            seed=train.seed,
            max_images=train.max_images,
            accumulate=train.accumulate,
            first_epoch=start.epochs if start else 0,
        )
        model = build_network(network, data, arrays)
        module = ExpressionModule(model, len(data.classes), train, _class_weights(train, data))
        course = Course(train.patience)
        callbacks = [course, TrainingState(resume)] if resume else [course]
        trainer = _trainer(train, callbacks, progress, **where)
        from_file = start.path if start else None
        trainer.fit(module, datamodule=data, ckpt_path=from_file, weights_only=True)
        module.load_state_dict(course.best_weights)
    counted = sum(parameter.numel() for parameter in model.parameters())
    result = course.summary() | {"parameters": counted}
    if trainer.is_global_zero:
        sizes = (arrays.image_size, arrays.shading_size)
        about = (asdict(train), preprocessing, arrays.vertex_count)
        save_recognizer(Recognizer(model, data.classes, *sizes, *about), checkpoint)
        write_text(curves, course.to_csv())
        if metrics:
            write_json(metrics, result)
        if resume:
            finish(resume)
    return result


def build_network(config: NetworkConfig, data: ExpressionData, arrays: Arrays) -> FusionNetwork:
    """A network for the data's classes and image sizes, with standardized landmark features."""
    network = FusionNetwork(
        config,
        len(data.classes),
        image_size=arrays.image_size,
        shading_size=arrays.shading_size,
        vertices=arrays.vertex_count,
    )
    if config.landmark:
        network.branches["landmark"].standardize_by(*feature_scale(data.train))
    if config.vertices:
        network.branches["vertices"].standardize_by(*vertex_scale(data.train))
    return network.to(memory_format=torch.channels_last)  # twice as fast on a CPU


def feature_scale(dataset: ExpressionDataset) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of each landmark distance over the reconstructed faces.

    Returns:
        Two tensors (2278,) float32; 0 and 1 if no face was reconstructed.
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


def vertex_scale(dataset: ExpressionDataset) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of each vertex over the reconstructed faces.

    Returns:
        two of (V, 3) float32, cm; 0 and 1 where no face was reconstructed.
    """
    vertices = dataset.vertices()
    if not len(vertices):
        return torch.zeros(vertices.shape[1:]), torch.ones(vertices.shape[1:])
    mean = vertices.mean(dim=0, dtype=torch.float64)
    variance = sum(((part - mean) ** 2).sum(dim=0) for part in vertices.split(_FEATURE_BATCH))
    return mean.float(), (variance / len(vertices)).sqrt().float()


def _class_weights(train: TrainConfig, data: ExpressionData) -> torch.Tensor | None:
    if train.class_weights == "none":
        return None
    counts = torch.bincount(data.train.labels, minlength=len(data.classes))
    return balanced_class_weights(counts.tolist())


def _require_hardware(precision: str, device: str, devices: int) -> None:
    if precision == "float16" and device != "cuda":
        raise UserError("train.precision float16 needs a GPU: set it to bfloat16 or float32")
    if device == "cuda" and devices > torch.cuda.device_count():
        raise UserError(
            f"FER3D_DEVICES is {devices}, but PyTorch sees {torch.cuda.device_count()} GPUs"
        )


def _trainer(
    train: TrainConfig, callbacks: list[Callback], progress: bool, device: str, devices: int
) -> pl.Trainer:
    return pl.Trainer(
        accelerator="gpu" if device == "cuda" else "cpu",
        devices=devices,
        strategy="ddp" if devices > 1 else "auto",
        plugins=[LightningEnvironment()],  # ignores the variables of a batch system
        max_epochs=train.epochs,
        callbacks=callbacks,
        precision=PRECISIONS[train.precision],
        accumulate_grad_batches=train.accumulate,
        enable_checkpointing=False,
        deterministic=True,
        logger=False,
        num_sanity_val_steps=0,
        enable_model_summary=False,
        enable_progress_bar=progress,
        use_distributed_sampler=False,
    )


@contextmanager
def _reproducible(seed: int) -> Iterator[None]:
    """Seed PyTorch and use deterministic algorithms; restores the previous state at exit.

    ``CUBLAS_WORKSPACE_CONFIG``, which Lightning sets, is kept: CUDA reads it only once.
    """
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    fill = torch.utils.deterministic.fill_uninitialized_memory
    banner = logging.getLogger("pytorch_lightning")
    level = banner.level
    with torch.random.fork_rng(), warnings.catch_warnings():
        # A batch is a single gather, so the loader workers that Lightning recommends do not help.
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
        banner.setLevel(logging.WARNING)
        torch.manual_seed(seed)
        # Filling uninitialized memory is a debugging aid that costs time.
        torch.utils.deterministic.fill_uninitialized_memory = False
        try:
            yield
        finally:
            banner.setLevel(level)
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
            torch.backends.cudnn.benchmark = benchmark
            torch.utils.deterministic.fill_uninitialized_memory = fill
