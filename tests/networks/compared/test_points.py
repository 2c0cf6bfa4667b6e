"""The landmark input of a compared model."""

import pytest
import torch

from fer3d.networks.compared.points import SUBNASALE, present_points, scaled_points


def test_the_nose_is_the_origin_and_each_coordinate_has_unit_variance() -> None:
    points = scaled_points(100 * torch.rand(3, 68, 2))
    assert torch.equal(points[:, SUBNASALE], torch.zeros(3, 2))
    torch.testing.assert_close(points.var(dim=1, correction=0), torch.ones(3, 2))


def test_place_size_and_a_third_coordinate_do_not_matter() -> None:
    points = 100 * torch.rand(2, 68, 3)
    moved = 0.5 * points + 20
    torch.testing.assert_close(scaled_points(moved), scaled_points(points[..., :2]))


def test_missing_landmarks_are_zeros() -> None:
    points = torch.rand(2, 68, 2)
    points[1] = torch.nan
    scaled = scaled_points(points, torch.tensor([True, False]))
    assert torch.equal(scaled[1], torch.zeros(68, 2))
    assert torch.equal(scaled[0], scaled_points(points[:1])[0])


def test_another_number_of_points_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(B, 68, 2 or 3\), got \(1, 49, 2\)"):
        present_points(torch.rand(1, 49, 2), None)
