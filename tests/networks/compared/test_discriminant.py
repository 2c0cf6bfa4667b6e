"""Kernel subclass discriminant analysis, against scikit-learn's LDA where the two coincide."""

import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor

from fer3d.networks.compared.discriminant import (
    KernelSubclassDiscriminant,
    gaussian,
    squared_distances,
)

Data = tuple[Tensor, Tensor]


def gaussians(classes: int, count: int = 40, apart: float = 2.0) -> Data:
    """Classes of equal, correlated covariance, in four dimensions."""
    generator = torch.Generator().manual_seed(1)
    shape = torch.randn(4, 4, generator=generator)
    labels = torch.arange(classes).repeat(count)
    means = apart * torch.randn(classes, 4, generator=generator)
    noise = torch.randn(len(labels), 4, generator=generator)
    return means[labels] + noise @ shape, labels


def exclusive_or() -> Data:
    """Each class at two opposite corners of a square: the class means coincide."""
    generator = torch.Generator().manual_seed(0)
    corners = torch.tensor([[0.0, 0.0], [4.0, 4.0], [0.0, 4.0], [4.0, 0.0]])
    place = torch.arange(4).repeat(20)
    return corners[place] + 0.3 * torch.randn(80, 2, generator=generator), place // 2


def test_distances() -> None:
    samples = torch.randn(5, 3)
    squares = squared_distances(samples, samples[:2])
    torch.testing.assert_close(squares, torch.cdist(samples, samples[:2]).square())


def test_the_kernel_by_hand() -> None:
    assert gaussian(torch.tensor(8.0), 2.0).item() == pytest.approx(torch.tensor(-1.0).exp().item())


def test_one_subclass_and_a_linear_kernel_project_as_lda() -> None:
    samples, labels = gaussians(3)
    ours = KernelSubclassDiscriminant(3, kernel="linear", subclasses=(1,)).fit(samples, labels)
    theirs = LinearDiscriminantAnalysis().fit(samples.numpy(), labels.numpy())
    first = ours.transform(samples)
    second = torch.from_numpy(theirs.transform(samples.numpy())).double()
    alike = torch.corrcoef(torch.cat([first, second], dim=1).T)[:2, 2:].abs()
    torch.testing.assert_close(alike, torch.eye(2, dtype=torch.float64), atol=1e-3, rtol=0)


def test_two_classes_are_told_apart_as_lda_does() -> None:
    samples, labels = gaussians(2, apart=0.3)
    ours = KernelSubclassDiscriminant(2, kernel="linear", subclasses=(1,)).fit(samples, labels)
    theirs = LinearDiscriminantAnalysis(priors=[0.5, 0.5]).fit(samples.numpy(), labels.numpy())
    assert ours.predict(samples).tolist() == theirs.predict(samples.numpy()).tolist()
    assert 0.6 < (ours.predict(samples) == labels).float().mean() < 1


def test_projections_have_unit_variance() -> None:
    samples, labels = exclusive_or()
    fitted = KernelSubclassDiscriminant(2).fit(samples, labels)
    variance = fitted.transform(samples).var(dim=0, correction=0)
    torch.testing.assert_close(variance, torch.ones_like(variance), atol=1e-2, rtol=0)


def test_subclasses_tell_apart_what_no_line_does() -> None:
    samples, labels = exclusive_or()
    fitted = KernelSubclassDiscriminant(2).fit(samples[:40], labels[:40])
    assert (fitted.predict(samples[40:]) == labels[40:]).all()
    assert len(fitted.owners) >= 4
    linear = LinearDiscriminantAnalysis().fit(samples.numpy(), labels.numpy())
    assert linear.score(samples.numpy(), labels.numpy()) < 0.8


def test_the_nearest_mean_decides() -> None:
    samples, labels = gaussians(3)
    fitted = KernelSubclassDiscriminant(3).fit(samples, labels)
    squares = squared_distances(fitted.transform(samples), fitted.means)
    scores = fitted.decision_function(samples)
    torch.testing.assert_close(scores.amax(dim=1), -squares.amin(dim=1).float())
    assert torch.equal(scores.argmax(dim=1), fitted.owners[squares.argmin(dim=1)])


def test_dimensions_that_are_not_there_add_nothing() -> None:
    """Five classes on a line: one direction, not four."""
    labels = torch.arange(5).repeat(6)
    samples = labels[:, None] + 0.01 * torch.randn(30, 1)
    fitted = KernelSubclassDiscriminant(5, kernel="linear", subclasses=(1,)).fit(samples, labels)
    assert fitted.coefficients.any(dim=0).tolist() == [True, False, False, False]
    assert (fitted.predict(samples) == labels).all()


def test_a_class_without_samples_is_never_chosen() -> None:
    samples, labels = gaussians(2)
    fitted = KernelSubclassDiscriminant(3).fit(samples, 2 * labels)
    assert fitted.decision_function(samples)[:, 1].isneginf().all()


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two classes"):
        KernelSubclassDiscriminant(2).fit(torch.randn(4, 2), torch.zeros(4, dtype=torch.int64))


def test_the_state_is_all_there_is() -> None:
    samples, labels = gaussians(3)
    fitted = KernelSubclassDiscriminant(3).fit(samples, labels)
    again = KernelSubclassDiscriminant(3, shape=fitted.shape)
    again.load_state_dict(fitted.state_dict())
    assert torch.equal(again.decision_function(samples), fitted.decision_function(samples))


def test_equal_samples_give_equal_bytes() -> None:
    samples, labels = gaussians(3)
    first, second = (KernelSubclassDiscriminant(3).fit(samples, labels) for _ in range(2))
    assert torch.equal(first.coefficients, second.coefficients)
