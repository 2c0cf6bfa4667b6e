"""Features and discriminant together, on faces with visible classes."""

import pytest
import torch
from torch import Tensor

from fer3d.networks.compared.fabian2016 import Fabian2016


@pytest.fixture(scope="module")
def faces() -> tuple[dict[str, Tensor], Tensor]:
    """24 faces of three classes, with the mouth at different heights; one has no landmarks."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(3).repeat(8)
    points = 20 + 20 * torch.rand(1, 68, 2, generator=generator)
    points[:, 36:42] += torch.tensor([-15.0, 0.0])
    points[:, 42:48] += torch.tensor([15.0, 0.0])
    points = points + 0.2 * torch.randn(24, 68, 2, generator=generator)
    points[:, 48:, 1] += 3 * labels[:, None]
    image = torch.randint(0, 256, (1, 3, 60, 60), generator=generator, dtype=torch.uint8)
    image = image.repeat(24, 1, 1, 1)
    present = torch.arange(24) != 5
    points[5] = torch.nan
    return {"image": image, "landmarks": points, "reconstructed": present}, labels


@pytest.fixture(scope="module")
def fitted(faces: tuple[dict[str, Tensor], Tensor]) -> Fabian2016:
    inputs, labels = faces
    rows = torch.where(inputs["reconstructed"])[0][:18]
    model = Fabian2016(3)
    model.triangulate(inputs["landmarks"][rows])
    model.fit(model.features(inputs["image"][rows], inputs["landmarks"][rows]), labels[rows])
    return model


def test_features(faces: tuple[dict[str, Tensor], Tensor], fitted: Fabian2016) -> None:
    inputs, _ = faces
    features = fitted.features(inputs["image"][:2], inputs["landmarks"][:2])
    assert features.shape == (2, 2278 + 3 * len(fitted.triangles) + 16_320)


def test_blocks_weigh_the_same(faces: tuple[dict[str, Tensor], Tensor], fitted: Fabian2016) -> None:
    inputs, _ = faces
    rows = torch.where(inputs["reconstructed"])[0][:18]
    values = fitted.standardized(fitted.features(inputs["image"][rows], inputs["landmarks"][rows]))
    shape, shading = values.split([fitted.geometry_size, 16_320], dim=1)
    for block in (shape, shading):
        assert block.square().sum(dim=1).mean().item() == pytest.approx(1.0, rel=1e-2)


def test_unseen_faces_are_recognized(
    faces: tuple[dict[str, Tensor], Tensor], fitted: Fabian2016
) -> None:
    inputs, labels = faces
    unseen = {name: values[19:] for name, values in inputs.items()}
    assert (fitted.probabilities(**unseen).argmax(dim=1) == labels[19:]).all()


def test_a_face_without_landmarks_is_the_mean_face(
    faces: tuple[dict[str, Tensor], Tensor], fitted: Fabian2016
) -> None:
    inputs, _ = faces
    probabilities = fitted.probabilities(**inputs)[5]
    size = len(fitted.mean)
    expected = fitted.discriminant.decision_function(torch.zeros(1, size)).softmax(dim=1)[0]
    torch.testing.assert_close(probabilities, expected)


def test_a_state_makes_an_equal_model(
    faces: tuple[dict[str, Tensor], Tensor], fitted: Fabian2016
) -> None:
    inputs, _ = faces
    again = Fabian2016(
        3,
        orientations=fitted.orientations,
        triangles=len(fitted.triangles),
        discriminant={"shape": fitted.discriminant.shape},
    )
    again.load_state_dict(fitted.state_dict())
    assert torch.equal(again.probabilities(**inputs), fitted.probabilities(**inputs))


def test_a_face_does_not_depend_on_the_others(
    faces: tuple[dict[str, Tensor], Tensor], fitted: Fabian2016
) -> None:
    inputs, _ = faces
    alone = fitted.probabilities(**{name: values[3:4] for name, values in inputs.items()})
    torch.testing.assert_close(alone, fitted.probabilities(**inputs)[3:4], atol=1e-5, rtol=1e-4)
