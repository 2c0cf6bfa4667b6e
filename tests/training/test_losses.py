"""Losses against their definitions."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor

from fer3d.training.losses import balanced_class_weights, cross_entropy, focal_loss


@pytest.fixture
def logits() -> Tensor:
    return torch.randn(50, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def labels() -> Tensor:
    return torch.arange(50) % 4


WEIGHTS = torch.tensor([0.5, 1.0, 2.0, 4.0])


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_focal_loss_with_gamma_0_and_alpha_1_is_cross_entropy(
    logits: Tensor, labels: Tensor, weights: Tensor | None
) -> None:
    focal = focal_loss(logits, labels, weights, alpha=1.0, gamma=0.0)
    torch.testing.assert_close(focal, cross_entropy(logits, labels, weights))


def test_focal_loss_of_one_image_is_the_papers_formula() -> None:
    p = 0.3
    logits = torch.tensor([[math.log(p), math.log(1 - p)]])
    expected = -0.25 * (1 - p) ** 2 * math.log(p)
    assert focal_loss(logits, torch.tensor([0])).item() == pytest.approx(expected, rel=1e-5)


def test_focal_loss_shifts_weight_from_easy_to_hard_images() -> None:
    logits = torch.tensor([[4.0, 0.0], [0.0, 1.0]])
    easy, hard = (
        focal_loss(logits[i : i + 1], torch.tensor([0]))
        / cross_entropy(logits[i : i + 1], torch.tensor([0]))
        for i in (0, 1)
    )
    assert easy < hard / 100


def test_focal_loss_of_a_certain_hit_has_a_finite_gradient() -> None:
    for gamma in (0.0, 0.5, 2.0):
        logits = torch.tensor([[200.0, -200.0], [-200.0, 200.0]], requires_grad=True)
        focal_loss(logits, torch.tensor([0, 0]), gamma=gamma).backward()
        assert logits.grad is not None
        assert logits.grad.isfinite().all()


def test_a_classs_weight_counts_like_as_many_copies(logits: Tensor, labels: Tensor) -> None:
    twice = torch.cat([torch.arange(50), torch.nonzero(labels == 2).squeeze(1)])
    weights = torch.tensor([1.0, 1.0, 2.0, 1.0])
    for loss in (cross_entropy, focal_loss):
        weighted, copied = loss(logits, labels, weights), loss(logits[twice], labels[twice])
        torch.testing.assert_close(weighted * len(labels), copied * len(twice))


def test_cross_entropy_is_pytorchs(logits: Tensor, labels: Tensor) -> None:
    for weights in (None, WEIGHTS):
        expected = F.cross_entropy(logits, labels, weight=weights, reduction="none").mean()
        torch.testing.assert_close(cross_entropy(logits, labels, weights), expected)
    smoothed = F.cross_entropy(logits, labels, label_smoothing=0.1)
    torch.testing.assert_close(cross_entropy(logits, labels, smoothing=0.1), smoothed)


def test_smoothing_does_not_draw_an_image_to_classes_with_large_weights() -> None:
    logits, label = torch.zeros(1, 4, requires_grad=True), torch.tensor([0])
    for loss in (cross_entropy, focal_loss):
        (gradient,) = torch.autograd.grad(loss(logits, label, WEIGHTS, smoothing=0.2), logits)
        torch.testing.assert_close(gradient[0, 1:], gradient[0, 1].expand(3))


def test_smoothing_gives_the_focal_loss_the_same_target_as_cross_entropy(
    logits: Tensor, labels: Tensor
) -> None:
    focal = focal_loss(logits, labels, WEIGHTS, alpha=1.0, gamma=0.0, smoothing=0.1)
    torch.testing.assert_close(focal, cross_entropy(logits, labels, WEIGHTS, smoothing=0.1))


def test_balanced_weights_are_scikit_learns() -> None:
    labels = [0] * 5 + [1] * 10 + [2] * 45
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert balanced_class_weights([5, 10, 45]).tolist() == pytest.approx(expected.tolist())
    assert balanced_class_weights([8, 8]).tolist() == [1.0, 1.0]


def test_a_class_without_images_has_no_weight() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        balanced_class_weights([3, 0])


def test_soft_labels_give_pytorchs_cross_entropy(logits: Tensor, labels: Tensor) -> None:
    votes = torch.rand(50, 4, generator=torch.Generator().manual_seed(1))
    soft = votes / votes.sum(dim=1, keepdim=True)
    found = cross_entropy(logits, soft)
    torch.testing.assert_close(found, F.cross_entropy(logits, soft))
    smoothed = F.cross_entropy(logits, soft, label_smoothing=0.1)
    torch.testing.assert_close(cross_entropy(logits, soft, smoothing=0.1), smoothed)
    torch.testing.assert_close(focal_loss(logits, soft, alpha=1.0, gamma=0.0), found)


@pytest.mark.parametrize("loss", [cross_entropy, focal_loss])
@pytest.mark.parametrize("options", [{}, {"smoothing": 0.1}, {"class_weights": WEIGHTS}])
def test_probabilities_that_are_all_on_the_label_change_nothing(
    loss: Callable[..., Tensor], options: dict, logits: Tensor, labels: Tensor
) -> None:
    sure = F.one_hot(labels, 4).float()
    torch.testing.assert_close(loss(logits, sure, **options), loss(logits, labels, **options))
