"""The optimizer of a training, and its learning rate."""

import pytest
import torch
from torch import nn

from fer3d.training.config import Precision, TrainConfig
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


def test_first_layers_that_are_named_have_steps_of_adamw_too() -> None:
    weights = [nn.Linear(width, 8).weight for width in (20, 30)]
    config = TrainConfig(optimizer="muon")
    groups = make_optimizer(weights, config, classes=7, first=weights[1:]).param_groups
    orthogonal = [weight for group in groups if group["orthogonal"] for weight in group["params"]]
    assert len(orthogonal) == 1 and orthogonal[0] is weights[0]
    assert sum(len(group["params"]) for group in groups) == len(weights)


@pytest.mark.parametrize("precision", ["float32", "float16", "bfloat16"])
def test_muon_multiplies_in_bfloat16_if_the_training_does(precision: Precision) -> None:
    weight = nn.Parameter(torch.zeros(25, 6))  # its step has the scale 0.2 x 5
    config = TrainConfig(optimizer="muon", learning_rate=1.0, precision=precision)
    optimizer = make_optimizer([weight], config, classes=3)
    weight.grad = torch.randn(25, 6, generator=torch.Generator().manual_seed(0))
    optimizer.step()
    short = weight.detach().to(torch.bfloat16).float()
    assert torch.equal(short, weight.detach()) == (precision == "bfloat16")


def test_a_network_may_have_no_matrix_for_muon() -> None:
    layer = nn.Linear(4, 3)
    layer(torch.ones(1, 4)).sum().backward()
    before = layer.weight.detach().clone()
    make_optimizer(layer.parameters(), TrainConfig(optimizer="muon"), classes=3).step()
    assert not torch.equal(layer.weight, before)


def test_the_rate_rises_and_falls() -> None:
    rates = [rate_factor(step, steps=100, warmup=10, schedule="cosine") for step in range(101)]
    assert rates.index(max(rates)) == 10
    assert max(rates) == 1
    assert 0 < rates[0] < 0.1
    assert rates[100] == pytest.approx(0)
    assert rates == [*sorted(rates[:11]), *sorted(rates[11:], reverse=True)]
    constant = {rate_factor(step, steps=9, warmup=0, schedule="constant") for step in range(9)}
    assert constant == {1.0}
