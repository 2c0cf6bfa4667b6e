"""Features of shape and shading, against their formulas."""

import math

import pytest
import torch
from torch import Tensor

from fer3d.networks.compared.gabor import (
    EYE_DISTANCE,
    eye_distance,
    gabor_bank,
    gabor_features,
    geometry_features,
    sample_patches,
    scaled_shape,
    triangle_angles,
    triangulate,
)


def face(distance: float) -> Tensor:
    """68 points with a given distance of the eyes, (1, 68, 2), at pixel centres."""
    generator = torch.Generator().manual_seed(0)
    points = torch.randint(150, 250, (1, 68, 2), generator=generator) + 0.5
    points[:, 36:42] = torch.tensor([50.5, 200.5])
    points[:, 42:48] = torch.tensor([50.5 + distance, 200.5])
    return points


def test_faces_are_scaled_by_their_eyes() -> None:
    points = face(75.0)
    shape = scaled_shape(points)
    torch.testing.assert_close(eye_distance(shape), torch.tensor([EYE_DISTANCE]))
    torch.testing.assert_close(scaled_shape(0.3 * points + 7), shape, atol=1e-2, rtol=1e-4)


def test_angles_by_hand() -> None:
    points = torch.tensor([[[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]])
    angles = triangle_angles(points, torch.tensor([[0, 1, 2]]))
    torch.testing.assert_close(angles, torch.tensor([[90.0, 45.0, 45.0]]).deg2rad())


def test_geometry_has_all_distances_and_three_angles_a_triangle() -> None:
    points = 100 * torch.rand(2, 68, 2)
    triangles = triangulate(points[0])
    features = geometry_features(points, triangles)
    assert features.shape == (2, 2278 + 3 * len(triangles))
    angles = features[:, 2278:].unflatten(1, (-1, 3))
    torch.testing.assert_close(angles.sum(dim=2), torch.full(angles.shape[:2], math.pi))


def test_filters_by_the_formula() -> None:
    bank = gabor_bank(8.0, 2.0, 4)
    assert bank.shape == (12, 13, 13)
    x, y, angle, phase = 2, -1, math.pi / 4, 1.0  # the second orientation, the second phase
    u = x * math.cos(angle) + y * math.sin(angle)
    expected = math.exp(-(x**2 + y**2) / 8) * math.cos(2 * math.pi * u / 8 + phase)
    assert bank[3 * 1 + 1, 6 + y, 6 + x].item() == pytest.approx(expected, abs=1e-6)


def test_patches_are_the_image_where_nothing_is_scaled() -> None:
    image, points = torch.rand(1, 1, 400, 400), face(EYE_DISTANCE)
    patches = sample_patches(image, points, 5)
    x, y = (points[0, 0] - 0.5).int().tolist()
    expected = image[0, 0, y - 5 : y + 6, x - 5 : x + 6]
    torch.testing.assert_close(patches[0, 0], expected, atol=1e-4, rtol=0)


def test_small_faces_are_enlarged() -> None:
    """In pixels of the scaled face, the slope of a ramp is smaller by the scale."""
    image = torch.arange(100.0).expand(1, 1, 100, 100)
    points = face(EYE_DISTANCE) / 4  # 75 px between the eyes
    patches = sample_patches(image, points, 4)
    torch.testing.assert_close(patches[0, 0, 4].diff(), torch.full((8,), 0.25), atol=1e-3, rtol=0)


def test_responses_are_sums_over_the_window() -> None:
    image, points = torch.rand(1, 1, 400, 400), face(EYE_DISTANCE)
    features = gabor_features(image, points, 4)
    assert features.shape == (1, 16_320)
    patch = sample_patches(image, points, 3)[0, 10]
    expected = (gabor_bank(4.0, 1.0, 4) * patch).sum(dim=(1, 2))  # the first wavelength and width
    torch.testing.assert_close(features.view(68, 20, 12)[10, 0], expected)


def test_a_filter_answers_to_its_own_stripes() -> None:
    """Vertical stripes 16 px apart: the wavelength of 16 px at orientation 0 answers most."""
    image = (2 * math.pi * (torch.arange(400) + 0.5) / 16).cos().expand(1, 1, 400, 400)
    features = gabor_features(image, face(EYE_DISTANCE), 4).view(68, 5, 4, 4, 3)
    energy = features.square().mean(dim=(0, 4))[:, 3]  # of the widest envelope
    scale = torch.stack([gabor_bank(w, w, 4).square().sum() for w in (4, 5.657, 8, 11.31, 16)])
    assert int((energy / scale[:, None]).argmax()) == 4 * 4
