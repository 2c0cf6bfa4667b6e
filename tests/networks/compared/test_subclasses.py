"""Subclasses and their criterion, in a space where all of it can be computed directly."""

from itertools import combinations

import pytest
import torch

from fer3d.networks.compared.discriminant import squared_distances
from fer3d.networks.compared.subclasses import criterion, divide, sort_by_nearness


def line(*places: float) -> torch.Tensor:
    points = torch.tensor(places)[:, None]
    return squared_distances(points, points)


def test_samples_are_sorted_from_the_farthest_pair_inwards() -> None:
    assert sort_by_nearness(line(10, 2, 11, 0, 1)).tolist() == [2, 0, 1, 4, 3]


def test_both_ends_take_turns() -> None:
    """0 and 9 are the ends; 4 is nearest to 0 of what is left, then 7 to 9, then 6 to 0."""
    assert sort_by_nearness(line(0, 9, 4, 6, 7)).tolist() == [0, 2, 3, 4, 1]


def test_equal_samples_are_each_taken_once() -> None:
    assert sorted(sort_by_nearness(line(3, 3, 3)).tolist()) == [0, 1, 2]


def test_classes_are_cut_into_runs_of_nearly_equal_size() -> None:
    labels = torch.tensor([0, 1, 0, 1, 0, 1, 0, 0])
    parts = divide(line(0, 0, 1, 1, 8, 5, 9, 10), labels, 2)
    assert [part.tolist() for part in parts] == [[0, 2, 4], [6, 7], [1, 3], [5]]


def test_a_class_of_few_members_has_few_subclasses() -> None:
    parts = divide(line(0, 1, 2, 3), torch.tensor([0, 1, 1, 1]), 3)
    assert [len(part) for part in parts] == [1, 1, 1, 1]


def test_criterion_is_that_of_means_and_covariances() -> None:
    torch.manual_seed(0)
    sizes, owners = [4, 5, 6], torch.tensor([0, 0, 1])
    samples = torch.randn(15, 3, dtype=torch.float64)
    parts = samples.split(sizes)
    means = [part.mean(dim=0) for part in parts]
    spreads = [torch.cov(part.T, correction=0) for part in parts]
    pairs = [(i, j) for i, j in combinations(range(3), 2) if owners[i] != owners[j]]
    apart = sum(
        sizes[i] * sizes[j] / 15**2 * (means[i] - means[j]).square().sum() for i, j in pairs
    )
    alike = [
        (spreads[i] @ spreads[j]).trace()
        / ((spreads[i] @ spreads[i]).trace() + (spreads[j] @ spreads[j]).trace())
        for i, j in pairs
    ]
    expected = float(apart * sum(alike) / len(pairs))
    assert criterion(samples @ samples.T, sizes, owners) == pytest.approx(expected)


def test_subclasses_of_one_member_have_no_spread() -> None:
    samples = torch.tensor([[0.0], [1.0], [5.0]], dtype=torch.float64)
    assert criterion(samples @ samples.T, [1, 2], torch.tensor([0, 1])) == 0
