"""Augmentation: photo and landmarks move together, the label stays, the generator decides."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fer3d.networks.branches.landmark import MIRRORED, landmark_features
from fer3d.training import augment as module
from fer3d.training.augment import augment, coarser, move_points, warp

SIDE = 48


@pytest.fixture
def inputs() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {
        "image": torch.rand(6, 3, SIDE, SIDE, generator=generator),
        "shading": torch.rand(6, 1, SIDE, SIDE, generator=generator),
        "landmarks": SIDE * torch.rand(6, 68, 2, generator=generator),
        "reconstructed": torch.ones(6, dtype=torch.bool),
    }


def _run(inputs: dict[str, Tensor], seed: int, strength: float = 1.0) -> dict[str, Tensor]:
    return augment(inputs, strength, torch.Generator().manual_seed(seed), side=SIDE)


def test_the_generator_alone_decides(inputs: dict[str, Tensor]) -> None:
    before = {name: values.clone() for name, values in inputs.items()}
    one, other, third = _run(inputs, 1), _run(inputs, 1), _run(inputs, 2)
    assert all(torch.equal(one[name], other[name]) for name in inputs)
    assert not torch.equal(one["image"], third["image"])
    assert all(torch.equal(inputs[name], before[name]) for name in inputs)
    assert {name: values.shape for name, values in one.items()} == {
        name: values.shape for name, values in inputs.items()
    }


def test_no_strength_changes_nothing(inputs: dict[str, Tensor]) -> None:
    assert _run(inputs, 1, strength=0.0) is inputs


def test_a_coarser_image_is_a_smaller_average(inputs: dict[str, Tensor]) -> None:
    inputs["shading"] = inputs["shading"][..., :1, :1]  # no branch sees it
    small = coarser(inputs)
    assert small["image"].shape == (6, 3, 30, 30)
    first = inputs["image"][:, :, :2, :2].mean(dim=(2, 3))  # 48 px to 30: pixels of 2 x 2
    torch.testing.assert_close(small["image"][:, :, 0, 0], first)
    assert all(small[name] is inputs[name] for name in ("shading", "landmarks", "reconstructed"))


def test_a_symmetric_face_is_its_own_mirror_image() -> None:
    """In a face whose left and right half are alike the partner lies where the mirror says."""
    half = torch.rand(68, 2, generator=torch.Generator().manual_seed(0)) * SIDE
    mirror = torch.tensor([-1.0, 1.0])
    order = torch.tensor(MIRRORED)
    face = (half + half[order] * mirror + torch.tensor([SIDE, 0.0])) / 2
    flip = torch.diag(mirror)[None]
    moved = move_points(face[None], flip, torch.zeros(1, 2), SIDE, torch.tensor([True]))
    torch.testing.assert_close(moved[0], face)


def test_a_mirrored_faces_features_are_those_of_the_mirrored_photo(
    inputs: dict[str, Tensor],
) -> None:
    points = inputs["landmarks"]
    flip = torch.diag(torch.tensor([-1.0, 1.0])).expand(6, 2, 2)
    every = torch.ones(6, dtype=torch.bool)
    moved = move_points(points, flip, torch.zeros(6, 2), SIDE, every)
    expected = points[:, list(MIRRORED)]  # distances do not see the mirror, the names they do
    torch.testing.assert_close(landmark_features(moved), landmark_features(expected))


def test_features_of_mirrored_faces_are_exchanged(inputs: dict[str, Tensor]) -> None:
    features = torch.tensor([1.0, 2.0]).expand(6, 2)[..., None]
    left = inputs["landmarks"].clone()
    left[:] = SIDE / 4
    changed = augment(
        inputs | {"features": features, "landmarks": left}, 1.0,
        torch.Generator().manual_seed(0), side=SIDE,
    )  # fmt: skip
    mirrored = changed["landmarks"][..., 0].mean(dim=1) > SIDE / 2
    assert torch.equal(changed["features"][:, 0, 0] == 2, mirrored)
    assert mirrored.any() and not mirrored.all()


@pytest.mark.parametrize("angle", [0.0, 12.0, -30.0, 90.0])
@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_photo_and_points_move_together(angle: float, mirror: float) -> None:
    """A bright dot stays under its landmark."""
    dot = torch.tensor([[17.0, 29.0]])
    image = torch.zeros(1, 1, SIDE, SIDE)
    image[0, 0, 28:30, 16:18] = 1.0  # centred on (17, 29), px counted from the corner
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turn = 1.1 * torch.tensor([[[mirror * cosine, -sine], [mirror * sine, cosine]]])
    shift = torch.tensor([[0.05, -0.1]])
    moved = warp(image, turn, shift, "zeros")[0, 0]
    place = torch.arange(SIDE) + 0.5
    centre = torch.stack([(moved.sum(0) * place).sum(), (moved.sum(1) * place).sum()])
    points = dot.expand(68, 2)[None]
    expected = move_points(points, turn, shift, SIDE, torch.tensor([False]))[0, 0]
    torch.testing.assert_close(centre / moved.sum(), expected, atol=0.15, rtol=0)


def test_depth_of_landmarks_is_kept(inputs: dict[str, Tensor]) -> None:
    points = torch.cat([inputs["landmarks"], torch.full((6, 68, 1), 7.0)], dim=-1)
    turn = torch.eye(2).expand(6, 2, 2)
    moved = move_points(points, turn, torch.zeros(6, 2), SIDE, torch.zeros(6, dtype=torch.bool))
    torch.testing.assert_close(moved, points)


def test_half_of_the_faces_are_mirrored_and_half_are_covered() -> None:
    count = 400
    ramp = torch.linspace(0, 1, SIDE).expand(count, 3, SIDE, SIDE)
    inputs = {
        "image": ramp,
        "shading": ramp[:, :1],
        "landmarks": torch.zeros(count, 68, 2),
    }
    changed = augment(inputs, 1.0, torch.Generator().manual_seed(0), side=SIDE)
    image, shading = changed["image"], changed["shading"]
    left, right = image[..., :8].mean(dim=(1, 2, 3)), image[..., -8:].mean(dim=(1, 2, 3))
    assert 0.4 < (left > right).float().mean() < 0.6
    covered = (image == module.GREY).flatten(1).float().mean(dim=1) > 0.005
    assert 0.4 < covered.float().mean() < 0.6
    together = (left > right) == (shading[..., 8] > shading[..., -8]).flatten(1).float().mean(1).gt(
        0.5
    )
    assert together.float().mean() > 0.95  # photo and shading are mirrored together


def test_changes_are_zero_in_the_mean() -> None:
    image = torch.full((2000, 1, 4, 4), 0.25)
    inputs = {"image": image, "shading": image, "landmarks": torch.full((2000, 68, 2), 2.0)}
    changed = augment(inputs, 1.0, torch.Generator().manual_seed(0), side=4)
    assert changed["landmarks"].mean().item() == pytest.approx(2.0, abs=0.02)
    assert changed["landmarks"].std().item() < 0.08 * 4


def test_vertices_are_mirrored_with_the_photo(
    inputs: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A point of the photo and a vertex on the left of the face end on the same side."""
    for name in ("ROTATION", "SCALE", "SHIFT", "JITTER"):
        monkeypatch.setattr(module, name, 0.0)
    vertices = torch.tensor([1.0, 0.0, 0.0]).expand(6, 1, 3)
    landmarks = torch.full((6, 68, 2), SIDE * 0.75)
    changed = augment(
        inputs | {"vertices": vertices, "landmarks": landmarks}, 1.0,
        torch.Generator().manual_seed(1), side=SIDE, partners=torch.zeros(1, dtype=torch.int64),
    )  # fmt: skip
    left = changed["landmarks"][:, 0, 0] > SIDE / 2
    assert torch.equal(changed["vertices"][:, 0, 0] > 0, left) and left.any() and not left.all()


@pytest.mark.parametrize("padding", ["border", "zeros"])
def test_warped_images_are_those_of_pytorchs_grid(padding: str) -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(5, 3, SIDE, SIDE, generator=generator)
    turn = torch.eye(2) + 0.3 * torch.randn(5, 2, 2, generator=generator)
    shift = 0.1 * torch.randn(5, 2, generator=generator)
    back = torch.linalg.inv(turn)
    theta = torch.cat([back, -back @ (2 * shift)[..., None]], dim=2)
    grid = F.affine_grid(theta, list(image.shape), align_corners=False)
    expected = F.grid_sample(image, grid, "bilinear", padding, align_corners=False)
    torch.testing.assert_close(warp(image, turn, shift, padding), expected, rtol=0, atol=1e-4)
