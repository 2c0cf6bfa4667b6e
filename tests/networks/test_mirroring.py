"""The mirrored face, and answers that are the mean of a face and of the mirrored face."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fer3d.networks.branches.landmark import MIRRORED, mirror_landmarks
from fer3d.networks.branches.vertices import mirror_vertices
from fer3d.networks.fusion import FusionNetwork
from fer3d.presets.configs import NETWORKS

SIDE, CLASSES, FACES, FEATURES = 64, 3, 5, 6
HALF = torch.tensor([[1.0, 0.0, 2.0], [2.0, 1.0, 1.0], [3.0, -1.0, 0.0]])
FACE = torch.cat([HALF, HALF * torch.tensor([-1.0, 1.0, 1.0]), torch.tensor([[0.0, 5.0, 1.0]])])


@pytest.fixture(scope="module")
def inputs() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "image": torch.rand(FACES, 3, SIDE, SIDE, generator=generator),
        "shading": torch.rand(FACES, 1, SIDE, SIDE, generator=generator),
        "landmarks": SIDE * torch.rand(FACES, 68, 3, generator=generator),
        "vertices": FACE + 0.1 * torch.randn(FACES, len(FACE), 3, generator=generator),
        "features": torch.randn(FACES, 2, FEATURES, generator=generator),
        "reconstructed": torch.tensor([True, False, True, True, True]),
    }


@pytest.fixture(params=NETWORKS)
def networks(request: pytest.FixtureRequest) -> tuple[FusionNetwork, FusionNetwork]:
    """The same weights, with one crop and mirrored."""
    config = replace(NETWORKS[request.param], vertices=True, features=True, width=4)
    pair = tuple(
        FusionNetwork(
            replace(config, mirrored=mirrored), CLASSES,
            image_size=SIDE, shading_size=SIDE, vertices=len(FACE), features=FEATURES,
        ).eval()
        for mirrored in (False, True)
    )  # fmt: skip
    pair[0].branches["vertices"].standardize_by(FACE, torch.full_like(FACE, 0.1))
    pair[1].load_state_dict(pair[0].state_dict())
    return pair


def test_points_change_sides_and_come_back() -> None:
    assert sorted(MIRRORED) == list(range(68))
    assert [MIRRORED[point] for point in MIRRORED] == list(range(68))
    middle = [point for point in range(68) if MIRRORED[point] == point]
    assert middle == [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]  # chin, nose, middle of the lips


def test_a_mirrored_face_keeps_its_shape_and_changes_its_sides() -> None:
    face = torch.tensor([[[2.0, 1.0, 0.0], [-3.0, 1.0, 0.5], [0.0, 4.0, 1.0]]])
    partners = torch.tensor([1, 0, 2])
    once = mirror_vertices(face, partners)
    assert torch.equal(once, torch.tensor([[[3.0, 1.0, 0.5], [-2.0, 1.0, 0.0], [0.0, 4.0, 1.0]]]))
    assert torch.equal(mirror_vertices(once, partners), face)


def test_a_landmark_stays_on_its_pixel(networks) -> None:
    image = torch.zeros(1, 1, SIDE, SIDE)
    image[..., 20, 10] = 1.0  # its centre is at (10.5, 20.5)
    points = torch.tensor([10.5, 20.5, 7.0]).expand(1, 68, 3)
    found = networks[0].mirror({"image": image, "landmarks": points})
    assert found["image"][..., 20, 53] == 1.0
    assert torch.equal(found["landmarks"], torch.tensor([53.5, 20.5, 7.0]).expand(1, 68, 3))


def test_mirroring_twice_is_the_identity(inputs: dict[str, Tensor], networks) -> None:
    twice = networks[0].mirror(networks[0].mirror(inputs))
    assert twice.keys() == inputs.keys()
    for name, values in inputs.items():
        torch.testing.assert_close(twice[name], values, rtol=0, atol=1e-5)


def test_a_symmetric_face_gets_the_answer_of_one_crop(inputs: dict[str, Tensor], networks) -> None:
    once, both = networks
    symmetric = {
        "image": (inputs["image"] + inputs["image"].flip(-1)) / 2,
        "shading": (inputs["shading"] + inputs["shading"].flip(-1)) / 2,
        "landmarks": (inputs["landmarks"] + mirror_landmarks(inputs["landmarks"], SIDE)) / 2,
        "vertices": FACE.expand(FACES, -1, -1),
        "features": inputs["features"],  # both views have a part in each answer
        "reconstructed": inputs["reconstructed"],
    }
    for one, mean in zip(once.heads(**symmetric), both.heads(**symmetric), strict=True):
        torch.testing.assert_close(mean, one, rtol=1e-4, atol=1e-5)


def test_an_image_and_its_mirror_image_get_the_same_answer(
    inputs: dict[str, Tensor], networks
) -> None:
    once, both = networks
    mirrored = both.mirror(inputs)
    answer = both.probabilities(**inputs)
    torch.testing.assert_close(both.probabilities(**mirrored), answer, rtol=1e-4, atol=1e-6)
    logits = (once(**inputs) + once(**mirrored)) / 2
    torch.testing.assert_close(answer, logits.softmax(dim=1))
    assert not torch.allclose(once(**mirrored), once(**inputs), rtol=1e-3)


def test_training_steps_see_one_crop(inputs: dict[str, Tensor], networks) -> None:
    seen = []
    for network in networks:
        torch.manual_seed(0)  # of dropout
        seen.append(network.train()(**inputs))
    assert torch.equal(*seen)


def test_inputs_of_branches_that_are_off_may_be_left_out(inputs: dict[str, Tensor]) -> None:
    config = replace(NETWORKS["photos"], width=4, shading=False, landmark=False, mirrored=True)
    network = FusionNetwork(config, CLASSES, image_size=SIDE).eval()
    assert torch.equal(network(image=inputs["image"]), network(**inputs))
