"""Trains a model of the comparison on packed arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fer3d.comparison.registry import model_of
from fer3d.comparison.steps import Setting, Steps
from fer3d.networks.compared.contract import ComparedNetwork
from fer3d.training.arrays import InputArrays
from fer3d.training.trainer import reproducible


@dataclass(frozen=True)
class FittedModel:
    """A trained model of the comparison.

    Attributes:
        name: name of the model in the registry.
        network: in evaluation mode, on the CPU.
        classes: the expressions, in the order of the network's outputs.
        training: {parameters: number of weights, precision: of the training, steps: {step:
            {epochs, best_epoch, validation}}, chosen: other choices}.
        curves: learning curves as CSV by step.
    """

    name: str
    network: ComparedNetwork
    classes: tuple[str, ...]
    training: Mapping[str, Any]
    curves: Mapping[str, str]


def fit_compared(name: str, arrays: InputArrays, setting: Setting) -> FittedModel:
    """Train a model on the training images. All choices are made on training or validation images.

    Equal arguments give equal weights on one machine, interrupted or not.

    Args:
        name: of the model, see ``REGISTRY``.
        arrays: the data set; test rows are not read.
        setting: preset, seed, device and so on.

    Raises:
        UserError: unknown model, a split without images, no GPU although one is requested, or a
            loss that is not finite.
    """
    model = model_of(name)
    setting = replace(setting, train=setting.runtime.settled(setting.train))
    steps = Steps(arrays, model.recipes, setting)
    with reproducible(setting.train.seed):
        network = model.build(len(steps.classes))
        network.calibrate(steps.inputs(steps.rows))
        network, chosen = model.plan(network, steps)
    counted = sum(values.numel() for values in network.parameters())
    summaries = {step: course.summary() for step, course in steps.courses.items()}
    training = {
        "parameters": counted,
        "precision": setting.train.precision,
        "steps": summaries,
        "chosen": chosen,
    }
    curves = {step: course.to_csv() for step, course in steps.courses.items()}
    return FittedModel(name, network.cpu().eval(), steps.classes, training, curves)
