"""Inputs of a compared model."""

import pytest
import torch
from torch import Tensor


@pytest.fixture
def inputs() -> dict[str, Tensor]:
    """Six faces of 100 px, the third one without landmarks."""
    generator = torch.Generator().manual_seed(0)
    landmarks = 100 * torch.rand(6, 68, 2, generator=generator)
    landmarks[2] = torch.nan
    return {
        "image": torch.rand(6, 3, 100, 100, generator=generator),
        "landmarks": landmarks,
        "reconstructed": torch.arange(6) != 2,
    }
