"""The step of a compared network."""

from dataclasses import replace

import pytest
import torch

from fer3d.comparison.step_module import StepModule
from fer3d.networks.compared.inc2016 import Inc2016
from fer3d.presets.configs import RECOMMENDED


def batch(count: int) -> dict[str, torch.Tensor]:
    images = torch.randint(0, 256, (count, 32, 32, 3), dtype=torch.uint8)
    return {"image": images, "label": torch.arange(count) % 3}


@pytest.mark.parametrize("article", [False, True])
def test_the_loss_is_in_float32_whatever_the_precision(article: bool) -> None:
    """As ours, so that precision favours nobody."""
    torch.manual_seed(0)
    module = StepModule(Inc2016(3, side=32), 3, RECOMMENDED, None, article=article, rate=None)
    inputs = {"image": torch.rand(6, 3, 32, 32)}
    labels = torch.arange(6) % 3
    with torch.autocast("cpu", torch.bfloat16):
        short = module._step(inputs, labels, "train")
    whole = module._step(inputs, labels, "train")
    assert short.dtype == torch.float32 and not torch.equal(short, whole)
    torch.testing.assert_close(short, whole, rtol=0.02, atol=0)


def test_images_are_never_mixed() -> None:
    """The target of a mixed image would be lost."""
    config = replace(RECOMMENDED, cut_mix=0.5, mix_up=0.5)
    module = StepModule(Inc2016(3, side=32), 3, config, None, article=False, rate=None)
    inputs = {"image": torch.rand(6, 3, 32, 32)}
    same, targets = module._mixed(inputs, batch(6))
    assert same is inputs and targets is None
