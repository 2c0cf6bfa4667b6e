"""The features branch."""

import pytest
import torch
from torch import Tensor

from fer3d.networks.branches.features import FeaturesNetwork, mirror_features
from fer3d.networks.config import NetworkConfig
from fer3d.networks.fusion import FusionNetwork

COUNT = 12
MEAN, SPREAD = torch.arange(COUNT).float(), torch.full((COUNT,), 0.1)


@pytest.fixture
def branch() -> FeaturesNetwork:
    torch.manual_seed(0)
    branch = FeaturesNetwork(count=COUNT)
    branch.standardize_by(MEAN, SPREAD)
    return branch.eval()


@pytest.fixture
def features() -> Tensor:
    return MEAN + SPREAD * torch.randn(3, 2, COUNT, generator=torch.Generator().manual_seed(0))


def test_the_answer_is_the_mean_over_photo_and_mirrored_photo(branch, features) -> None:
    alone = [branch(features[:, [view, view]]) for view in (0, 1)]
    torch.testing.assert_close(branch(features), (alone[0] + alone[1]) / 2)
    assert not torch.allclose(*alone)
    torch.testing.assert_close(branch(mirror_features(features)), branch(features))


def test_a_training_step_sees_the_first_of_them(branch, features) -> None:
    branch.train()
    seen = []
    for second in (features[:, 1], torch.full((3, COUNT), torch.nan)):
        torch.manual_seed(0)  # of dropout
        seen.append(branch(torch.stack([features[:, 0], second], dim=1)))
    assert torch.equal(*seen)


def test_features_are_seen_in_their_spread_about_the_mean(branch, features) -> None:
    seen = branch(features)
    branch.standardize_by(2 * MEAN, 3 * SPREAD)
    moved = 2 * MEAN + 3 * (features - MEAN)
    torch.testing.assert_close(branch(moved), seen, rtol=1e-3, atol=1e-4)


def test_rare_large_values_are_limited(branch) -> None:
    far, farther = ((MEAN + factor * SPREAD).expand(1, 2, -1) for factor in (7, 1000))
    torch.testing.assert_close(branch(far), branch(farther))


def test_a_face_that_was_not_reconstructed_is_the_mean_face(branch) -> None:
    unknown = torch.full((1, 2, COUNT), torch.nan)
    mean = MEAN.expand(1, 2, -1)
    assert torch.equal(branch(unknown, torch.tensor([False])), branch(mean))


def test_a_feature_that_never_varies_is_not_divided_by(branch, features) -> None:
    branch.standardize_by(MEAN, torch.zeros(COUNT))
    assert branch(features).isfinite().all()


def test_a_branch_without_features_is_an_error() -> None:
    with pytest.raises(ValueError, match="there are no features"):
        FusionNetwork(NetworkConfig(features=True), 7)


def test_the_branch_joins_the_others() -> None:
    config = NetworkConfig(base=False, shading=False, features=True)
    network = FusionNetwork(config, 7, features=COUNT).eval()
    landmarks, features = torch.rand(2, 68, 2), torch.rand(2, 2, COUNT).half()
    assert network.embed(landmarks=landmarks, features=features).shape == (2, 256)
    with pytest.raises(ValueError, match="features branch is on"):
        network(landmarks=landmarks)
