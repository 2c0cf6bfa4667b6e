"""Cut-mix and mix-up: pixels, points and targets are of both faces, in the same shares."""

import pytest
import torch
from torch import Tensor

from fer3d.training.mixing import before, mix, one_hot

SIDE = 40
COUNT = 64


@pytest.fixture
def faces() -> dict[str, Tensor]:
    """Faces whose values are their number."""
    number = torch.arange(COUNT, dtype=torch.float32)
    return {
        "image": number.view(-1, 1, 1, 1).expand(-1, 3, SIDE, SIDE),
        "shading": number.view(-1, 1, 1, 1).expand(-1, 1, SIDE, SIDE),
        "landmarks": number.view(-1, 1, 1).expand(-1, 68, 2),
        "vertices": number.view(-1, 1, 1).expand(-1, 468, 3),
        "features": number.view(-1, 1, 1).expand(-1, 2, 9).half(),
        "reconstructed": torch.ones(COUNT, dtype=torch.bool),
    }


@pytest.fixture
def targets() -> Tensor:
    """Every face is a class of its own."""
    return torch.eye(COUNT)


def _mix(
    faces: dict[str, Tensor], targets: Tensor, *, cut_mix: float = 0.0, mix_up: float = 0.0
) -> tuple[dict[str, Tensor], Tensor]:
    generator = torch.Generator().manual_seed(5)
    return mix(faces, targets, generator, cut_mix=cut_mix, mix_up=mix_up)


def _own(targets: Tensor) -> Tensor:
    return targets.diagonal()


def test_targets_are_probabilities_of_the_two_faces(
    faces: dict[str, Tensor], targets: Tensor
) -> None:
    _, mixed = _mix(faces, targets, cut_mix=0.5, mix_up=0.5)
    torch.testing.assert_close(mixed.sum(dim=1), torch.ones(COUNT))
    other = mixed.gather(1, before(torch.arange(COUNT))[:, None]).squeeze(1)
    torch.testing.assert_close(_own(mixed) + other, torch.ones(COUNT))


def test_cut_mix_pastes_pixels_in_the_share_of_the_target(
    faces: dict[str, Tensor], targets: Tensor
) -> None:
    changed, mixed = _mix(faces, targets, cut_mix=1.0)
    number = torch.arange(COUNT)
    for name in ("image", "shading"):
        pixels = changed[name][:, 0].flatten(1).long()
        pasted = pixels == before(number)[:, None]
        assert (pasted | (pixels == number[:, None])).all()
        # a rectangle's border may cut pixels
        assert (pasted.float().mean(dim=1) - (1 - _own(mixed))).abs().max() < 2 / SIDE
    assert 0 <= _own(mixed).min() < 0.4
    assert _own(mixed).max() > 0.95


def test_mix_up_averages_everything_by_the_weights_of_the_target(
    faces: dict[str, Tensor], targets: Tensor
) -> None:
    changed, mixed = _mix(faces, targets, mix_up=1.0)
    number = torch.arange(COUNT, dtype=torch.float32)
    wanted = _own(mixed) * number + (1 - _own(mixed)) * before(number)
    for name in ("image", "shading", "landmarks", "vertices", "features"):
        values = changed[name].flatten(1)
        torch.testing.assert_close(values, wanted[:, None].expand_as(values))
    # Beta(1/2, 1/2): a third of the weights is below a quarter, a third above three quarters
    assert (_own(mixed) < 0.25).float().mean().item() == pytest.approx(1 / 3, abs=0.15)


def test_cut_mix_averages_points(faces: dict[str, Tensor], targets: Tensor) -> None:
    changed, mixed = _mix(faces, targets, cut_mix=1.0)
    number = torch.arange(COUNT, dtype=torch.float32)
    wanted = _own(mixed) * number + (1 - _own(mixed)) * before(number)
    torch.testing.assert_close(changed["vertices"][:, 0, 0], wanted)
    torch.testing.assert_close(changed["features"][:, 0, 0].float(), wanted, rtol=0, atol=0.01)


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_other_faces_stay_as_they_are(
    share: float, faces: dict[str, Tensor], targets: Tensor
) -> None:
    changed, mixed = _mix(faces, targets, cut_mix=share, mix_up=share)
    same = _own(mixed) == 1
    assert same.float().mean().item() == pytest.approx(1 - 2 * share, abs=0.2)
    assert all(torch.equal(changed[name][same], faces[name][same]) for name in faces)


def test_a_face_without_points_gives_none(faces: dict[str, Tensor], targets: Tensor) -> None:
    found = torch.arange(COUNT) % 4 != 0
    unknown = torch.where(found[:, None, None], faces["vertices"], torch.nan)
    changed, mixed = _mix(
        faces | {"reconstructed": found, "vertices": unknown}, targets, cut_mix=0.3, mix_up=0.3
    )
    alone = _own(mixed) == 1
    assert torch.equal(changed["reconstructed"], found & (alone | before(found)))
    assert changed["vertices"][changed["reconstructed"]].isfinite().all()
    assert 0 < (changed["reconstructed"] & ~alone).sum() < (~alone).sum()


def test_the_generator_alone_decides(faces: dict[str, Tensor], targets: Tensor) -> None:
    originals = {name: values.clone() for name, values in faces.items()}
    one, other = (_mix(faces, targets, cut_mix=0.5, mix_up=0.2) for _ in range(2))
    assert torch.equal(one[1], other[1])
    assert all(torch.equal(one[0][name], other[0][name]) for name in faces)
    assert all(torch.equal(faces[name], originals[name]) for name in faces)


def test_one_hot() -> None:
    assert one_hot(torch.tensor([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]
