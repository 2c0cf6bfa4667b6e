"""The optimizer of a training, and its learning rate."""

import pytest
from torch import nn

from fer3d.training.config import TrainConfig
from fer3d.training.optimizers import make_optimizer, rate_factor


def test_classifiers_have_steps_of_adamw() -> None:
    network = nn.Sequential(nn.Conv2d(1, 16, 3), nn.Flatten(), nn.Linear(16, 7))
    config = TrainConfig(optimizer="muon", weight_decay=0.1)
    optimizer = make_optimizer(network.parameters(), config, classes=7)
    kinds = {
        tuple(values.shape): (group["orthogonal"], group["weight_decay"])
        for group in optimizer.param_groups
        for values in group["params"]
    }
    assert kinds == {
        (16, 1, 3, 3): (True, 0.1), (7, 16): (False, 0.1), (16,): (False, 0.0), (7,): (False, 0.0),
    }  # fmt: skip


def test_the_rate_rises_and_falls() -> None:
    rates = [rate_factor(step, steps=100, warmup=10, schedule="cosine") for step in range(101)]
    assert rates.index(max(rates)) == 10
    assert max(rates) == 1
    assert 0 < rates[0] < 0.1
    assert rates[100] == pytest.approx(0)
    assert rates == [*sorted(rates[:11]), *sorted(rates[11:], reverse=True)]
    constant = {rate_factor(step, steps=9, warmup=0, schedule="constant") for step in range(9)}
    assert constant == {1.0}
