"""The optimizer of a training, and the schedule of its learning rate."""

import math
from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from fer3d.training.config import TrainConfig
from fer3d.training.muon import Muon

SGD_MOMENTUM = 0.9


def make_optimizer(
    parameters: Iterable[nn.Parameter], config: TrainConfig, classes: int
) -> Optimizer:
    """The optimizer of a configuration.

    Weight decay is for matrices, not for normalization and biases. Muon's steps are for matrices
    with more rows than classes: a classifier has AdamW's, as its authors advise.

    Args:
        parameters: of the network.
        config: optimizer, learning rate, weight decay, precision of Muon's products.
        classes: C.
    """
    parameters, rate = list(parameters), config.learning_rate
    matrices = [values for values in parameters if values.ndim > 1]
    rest = [values for values in parameters if values.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, rate, momentum=SGD_MOMENTUM, fused=True)
    if config.optimizer == "adam":
        return torch.optim.Adam(groups, rate, fused=True)
    if config.optimizer == "adamw":
        return torch.optim.AdamW(groups, rate, fused=True)
    hidden = {
        "params": [values for values in matrices if len(values) > classes],
        "weight_decay": config.weight_decay,
        "orthogonal": True,
    }
    groups[0]["params"] = [values for values in matrices if len(values) <= classes]
    dtype = torch.bfloat16 if config.precision == "bfloat16" else torch.float32
    return Muon([hidden, *groups], rate, dtype=dtype)


def rate_factor(step: int, *, steps: int, warmup: float, schedule: str) -> float:
    """Factor of the learning rate at a step.

    Args:
        step: counted from 0.
        steps: number of steps of the whole training.
        warmup: number of steps of linear warm-up from 0 to 1.
        schedule: cosine (from 1 to 0 over the remaining steps) | constant.
    """
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(steps - warmup, 1)))
