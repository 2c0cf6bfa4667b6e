"""Trains a network on packed arrays: a recognizer, learning curves and metrics."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from fer3d.errors import UserError
from fer3d.files.atomic import write_json, write_text
from fer3d.files.folders import Folders
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork
from fer3d.networks.layers import lay_out
from fer3d.training.arrays import InputArrays, open_set
from fer3d.training.checkpoint import TrainedNetwork, save_trained
from fer3d.training.config import TrainConfig
from fer3d.training.course import DECIMALS, Course
from fer3d.training.data import ExpressionData
from fer3d.training.live import live_epochs
from fer3d.training.losses import balanced_class_weights
from fer3d.training.module import ExpressionModule
from fer3d.training.resume import TrainingState, finish, last_state, state_file
from fer3d.training.standardization import standardize
from fer3d.training.teachers import Lesson, teacher_digests
from fer3d.training.temperature import calibrate
from fer3d.training.trainer import Runtime, make_trainer, reproducible


@dataclass(frozen=True)
class Fitted:
    """The result of a training; ``save`` writes it.

    Attributes:
        trained: the network after its best epoch, and how to use it.
        curves: learning curves, CSV: one row per epoch, columns epoch and ``CURVES``.
        metrics: {epochs, best_epoch (counted from 1), validation: {accuracy, class_accuracy,
            macro_f1, loss} at the best epoch, parameters: number of weights, precision of the
            training, temperature of the calibrated probabilities; teachers, SHA-256 of their files
            by path, if there are some}.
        state: file of the training state, if one was kept.
        is_first: whether this is the first of the processes that share a training.
    """

    trained: TrainedNetwork
    curves: str
    metrics: Mapping[str, Any]
    state: Path | None
    is_first: bool


def fit(
    folders: Folders,
    network: NetworkConfig,
    train: TrainConfig,
    preprocessing: Mapping[str, Mapping[str, Any]] | None = None,
    runtime: Runtime | None = None,
) -> Fitted:
    """Train a network, keep its best epoch by validation macro F1, and calibrate it there.

    Equal arguments give equal results on one machine, whether the training was interrupted or not.
    With several devices the calling program is started once for each of the others, and all of
    these processes reach this function.

    Args:
        folders: packed arrays whose manifest says which rows are train and validation.
        network: what to train.
        train: how to train it.
        preprocessing: parameters of the stages that made the arrays. They are kept with the
            network, so that new images are processed in the same way.
        runtime: device and state; one CPU and no state by default.

    Raises:
        UserError: the folders do not fit together, a split that training needs is empty, or there
            are not the GPUs that precision or ``devices`` ask for, the loss is not finite, the
            paper's network is trained with coarse epochs, or a teacher does not fit, see
            ``Lesson``.
    """
    if network.preset == "paper" and train.coarse_epochs:
        raise UserError(
            "train.coarse_epochs: the layers of network.preset `paper` fit one size of image; "
            "set it to 0"
        )
    runtime, preprocessing = runtime or Runtime(), preprocessing or {}
    arrays = open_set(folders, network.branches)
    train = runtime.settled(train)
    where = {"device": runtime.device, "devices": runtime.devices}
    training, lesson = asdict(train), None
    if train.teachers:
        training["teachers"] = teacher_digests(train.teachers)
        lesson = Lesson(training["teachers"], train.teacher_share, folders, preprocessing)
    parts = {"network": asdict(network), "train": training, "preprocessing": preprocessing}
    state = runtime.state and state_file(runtime.state, folders, parts | where)
    start = last_state(state) if state else None
    course = Course(train.patience)
    with reproducible(train.seed), live_epochs(runtime.live, course) as live:
        data = _data(arrays, train, lesson, first_epoch=start.epochs if start else 0)
        model = build_network(network, data, arrays)
        module = ExpressionModule(model, len(data.classes), train, _class_weights(train, data))
        callbacks = [course, *live, *([TrainingState(state)] if state else [])]
        trainer = make_trainer(train, callbacks, runtime)
        from_file = start.path if start else None
        trainer.fit(module, datamodule=data, ckpt_path=from_file, weights_only=True)
        module.load_state_dict(course.best_weights)
        calibrate(model.to(runtime.device), data.validation)
        model.cpu()
    trained = TrainedNetwork(
        model,
        data.classes,
        arrays.image_size,
        arrays.shading_size,
        training,
        preprocessing,
        arrays.vertex_count,
        arrays.feature_count,
    )
    return Fitted(
        trained, course.to_csv(), _metrics(trained, course), state, trainer.is_global_zero
    )


def save(fitted: Fitted, checkpoint: Path, curves: Path, metrics: Path | None = None) -> None:
    """Write the result of a training, then mark its state as finished; the first process writes.

    Args:
        fitted: the result.
        checkpoint: written; see ``fer3d.training.checkpoint``.
        curves: written; CSV.
        metrics: written, if given; JSON.
    """
    if not fitted.is_first:
        return
    save_trained(fitted.trained, checkpoint)
    write_text(curves, fitted.curves)
    if metrics:
        write_json(metrics, fitted.metrics)
    if fitted.state:
        finish(fitted.state)


def build_network(
    config: NetworkConfig, data: ExpressionData, arrays: InputArrays
) -> FusionNetwork:
    """A network for the data's classes and image sizes, whose branches standardize by the data."""
    network = FusionNetwork(
        config,
        len(data.classes),
        image_size=arrays.image_size,
        shading_size=arrays.shading_size,
        vertices=arrays.vertex_count,
        features=arrays.feature_count,
    )
    standardize(network, data.train)
    lay_out(network)  # twice as fast on a CPU
    return network


def _metrics(trained: TrainedNetwork, course: Course) -> dict[str, Any]:
    metrics = course.summary() | {
        "parameters": sum(parameter.numel() for parameter in trained.network.parameters()),
        "precision": trained.training["precision"],
        "temperature": round(trained.network.temperature.item(), DECIMALS),
    }
    teachers = trained.training["teachers"]
    return metrics | {"teachers": teachers} if teachers else metrics


def _data(
    arrays: InputArrays, train: TrainConfig, lesson: Lesson | None, first_epoch: int
) -> ExpressionData:
    return ExpressionData(
        arrays,
        batch_size=train.batch_size,
        seed=train.seed,
        max_images=train.max_images,
        accumulate=train.accumulate,
        first_epoch=first_epoch,
        soft_labels=train.soft_labels,
        lesson=lesson,
    )


def _class_weights(train: TrainConfig, data: ExpressionData) -> torch.Tensor | None:
    if train.class_weights == "none":
        return None
    counts = torch.bincount(data.train.labels, minlength=len(data.classes))
    return balanced_class_weights(counts.tolist())
