"""Invariances of the landmark features."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from fer3d.networks.branches.landmark import (
    DISTANCES,
    NOSE,
    LandmarkNetwork,
    landmark_features,
    normalize_points,
    pairwise_distances,
)


@pytest.fixture
def points() -> Tensor:
    return 100 * torch.rand(5, 68, 2, generator=torch.Generator().manual_seed(0))


def test_there_are_2278_distances(points: Tensor) -> None:
    assert DISTANCES == 68 * 67 // 2 == 2278
    assert landmark_features(points).shape == (5, 2278)


def test_distances_are_those_of_numpy_in_the_papers_order(points: Tensor) -> None:
    one = points[0].double().numpy()
    expected = [math.dist(one[i], one[j]) for i in range(68) for j in range(i + 1, 68)]
    np.testing.assert_allclose(pairwise_distances(points[0].double()).numpy(), expected)


def test_the_nose_is_the_origin_and_the_face_spans_one(points: Tensor) -> None:
    normalized = normalize_points(points)
    assert normalized[:, NOSE].abs().max() == 0
    extent = normalized.amax(dim=1) - normalized.amin(dim=1)
    torch.testing.assert_close(extent, torch.ones(5, 2))


def test_place_and_size_of_the_face_do_not_matter(points: Tensor) -> None:
    features = landmark_features(points)
    torch.testing.assert_close(landmark_features(points + torch.tensor([13.0, -7.0])), features)
    torch.testing.assert_close(landmark_features(3.5 * points), features)


def test_a_mirrored_face_has_the_same_distances(points: Tensor) -> None:
    mirrored = points * torch.tensor([-1.0, 1.0])
    torch.testing.assert_close(landmark_features(mirrored), landmark_features(points))


def test_distances_are_symmetric(points: Tensor) -> None:
    forwards, backwards = pairwise_distances(points), pairwise_distances(points.flip(1))
    torch.testing.assert_close(forwards.sort().values, backwards.sort().values)


def test_features_lie_between_0_and_the_diagonal(points: Tensor) -> None:
    features = landmark_features(points)
    assert features.min() >= 0
    assert features.max() <= math.sqrt(2) + 1e-6


def test_leading_dimensions_are_free(points: Tensor) -> None:
    features = landmark_features(points)
    torch.testing.assert_close(landmark_features(points[0]), features[0])
    torch.testing.assert_close(landmark_features(points[None]), features[None])


def test_depth_is_not_used(points: Tensor) -> None:
    deep = torch.cat([points, torch.rand(5, 68, 1)], dim=-1)
    assert torch.equal(landmark_features(deep), landmark_features(points))


def test_points_on_one_spot_give_zeros_and_no_nan() -> None:
    assert landmark_features(torch.full((68, 2), 7.0)).abs().max() == 0


@pytest.mark.parametrize("shape", [(67, 2), (68, 4), (2, 68)])
def test_other_shapes_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        landmark_features(torch.zeros(shape))


def test_points_that_were_not_found_are_not_used(points: Tensor) -> None:
    network = LandmarkNetwork().eval()
    present = torch.tensor([True, False, True, False, True])
    garbage = torch.where(present[:, None, None], points, torch.nan)
    embedded = network(garbage, present)
    assert embedded.isfinite().all()
    assert torch.equal(embedded[1], embedded[3])
    torch.testing.assert_close(embedded[present], network(points[present]))


def test_a_face_without_landmarks_counts_as_the_mean_face(points: Tensor) -> None:
    network = LandmarkNetwork().eval()
    features = landmark_features(points)
    network.standardize_by(features[0], features.std(dim=0))
    absent = network(points[:1], torch.tensor([False]))
    torch.testing.assert_close(absent, network(points[:1]))
