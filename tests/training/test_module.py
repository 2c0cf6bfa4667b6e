"""Input noise."""

import pytest
import torch

from fer3d.training.module import add_input_noise


def test_noise_has_the_variance_that_is_asked_for_on_the_standardized_image() -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = {"image": torch.full((8, 3, 64, 64), 0.5), "shading": torch.zeros(8, 1, 64, 64)}
    noisy = add_input_noise(inputs, variance=0.5, generator=generator)
    for name, values in inputs.items():
        standardized = (noisy[name] - values) / 0.25
        assert standardized.var().item() == pytest.approx(0.5, rel=0.02)
        assert standardized.mean().item() == pytest.approx(0.0, abs=0.02)


def test_noise_leaves_its_input_and_the_landmarks_alone() -> None:
    inputs = {
        "image": torch.zeros(1, 3, 4, 4),
        "shading": torch.zeros(1, 1, 4, 4),
        "landmarks": torch.ones(1, 68, 2),
    }
    noisy = add_input_noise(inputs, variance=1.0, generator=torch.Generator())
    assert inputs["image"].abs().max() == 0
    assert noisy["landmarks"] is inputs["landmarks"]


def test_no_variance_is_no_noise() -> None:
    inputs = {"image": torch.ones(1, 3, 4, 4), "shading": torch.ones(1, 1, 4, 4)}
    assert add_input_noise(inputs, variance=0.0, generator=torch.Generator()) is inputs
