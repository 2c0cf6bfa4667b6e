"""The optimizer of a training, and the schedule of its learning rate."""

import math
from collections.abc import Collection, Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from fer3d.training.config import TrainConfig
from fer3d.training.muon import Muon

SGD_MOMENTUM = 0.9


def make_optimizer(
    parameters: Iterable[nn.Parameter],
    config: TrainConfig,
    classes: int,
    first: Collection[Tensor] = (),
) -> Optimizer:
    """The optimizer of a configuration.

    Weight decay is for matrices, not for normalization and biases. Muon's steps are for matrices
    with more rows than classes; the others, such as classifiers, have AdamW's. The authors of Muon
    advise that, and AdamW for the first layers too; here these are only the ones that are named.

    Args:
        parameters: of the network.
        config: optimizer, learning rate, weight decay, precision of Muon's products.
        classes: C.
        first: weights of first layers that have AdamW's steps.
    """
    parameters, rate, decay = list(parameters), config.learning_rate, config.weight_decay
    matrices = [values for values in parameters if values.ndim > 1]
    rest = {"params": [values for values in parameters if values.ndim <= 1], "weight_decay": 0.0}
    if config.optimizer == "muon":
        apart = {id(values) for values in first}
        apart |= {id(values) for values in matrices if len(values) <= classes}
        hidden = [values for values in matrices if id(values) not in apart]
        others = [values for values in matrices if id(values) in apart]
        groups = [
            {"params": hidden, "weight_decay": decay, "orthogonal": True},
            {"params": others, "weight_decay": decay},
            rest,
        ]
        dtype = torch.bfloat16 if config.precision == "bfloat16" else torch.float32
        return Muon(groups, rate, dtype=dtype)
    groups = [{"params": matrices, "weight_decay": decay}, rest]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, rate, momentum=SGD_MOMENTUM, fused=True)
    kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, rate, fused=True)


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
