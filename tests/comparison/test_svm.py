"""The linear SVM on features."""

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC
from torch import Tensor

from fer3d.comparison.svm import fit_svm
from fer3d.errors import UserError


def blobs(classes: int, *, spread: float) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(classes).repeat(30)
    means = 100 * torch.eye(5)[:classes]
    noise = torch.randn(len(labels), 5, generator=generator)
    return means[labels] + spread * noise, labels


def fit(
    features: Tensor, labels: Tensor, classes: int, *, balanced: bool = False
) -> tuple[Tensor, Tensor, float]:
    """Every image is a person's only one."""
    owners = np.arange(len(labels))
    return fit_svm(features, labels, classes, owners=owners, balanced=balanced, seed=0)


@pytest.mark.parametrize("classes", [2, 3])
def test_separable_classes_are_told_apart(classes: int) -> None:
    features, labels = blobs(classes, spread=5)
    weight, bias, cost = fit(features, labels, classes)
    assert weight.shape == (classes, 5)
    assert ((features @ weight.T + bias).argmax(dim=1) == labels).all()
    assert cost > 0


def test_scores_are_those_of_scikit_learn() -> None:
    features, labels = blobs(3, spread=60)
    weight, bias, cost = fit(features, labels, 3)
    length = features.square().sum(dim=1).mean().sqrt()
    theirs = LinearSVC(dual=False, C=cost).fit(features / length, labels)
    expected = torch.from_numpy(theirs.decision_function(features / length)).float()
    torch.testing.assert_close(features @ weight.T + bias, expected, atol=1e-3, rtol=1e-3)


def test_a_class_without_images_is_never_chosen() -> None:
    features, labels = blobs(2, spread=5)
    weight, bias, _ = fit(features, 2 * labels, 3, balanced=True)
    assert ((features @ weight.T + bias).argmax(dim=1) == 2 * labels).all()


def test_fewer_images_than_folds_are_a_users_error() -> None:
    features, labels = blobs(3, spread=1)
    with pytest.raises(UserError, match="needs 5 images of one class"):
        fit(features[:9], labels[:9], 3)


def test_photos_of_one_person_do_not_choose_the_cost() -> None:
    """Each person has a mark of its own, and several images with the same noise.

    Divided image by image, the images of a person would be learned by heart.
    """
    generator = torch.Generator().manual_seed(1)
    people = torch.arange(60).repeat_interleave(4)
    labels = (people % 2).long()
    noise = torch.randn(60, 200, generator=generator)
    features = noise[people] + 0.1 * torch.randn(240, 200, generator=generator)
    chosen = [
        fit_svm(features, labels, 2, owners=owners, balanced=False, seed=0)[2]
        for owners in (people.numpy(), np.arange(240))
    ]
    assert chosen[0] < chosen[1]
