"""Losses and class weights; pure functions of tensors."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def cross_entropy(
    logits: Tensor,
    labels: Tensor,
    class_weights: Tensor | None = None,
    *,
    smoothing: float = 0.0,
) -> Tensor:
    """Categorical cross entropy, the mean over the images, each times its class's weight.

    Dividing by the number of images, not by their weights, keeps a batch's loss the mean of the
    losses of its equal parts, whichever classes fall into them.

    Args:
        logits: (B, C) float32.
        labels: (B,) int64, 0 .. C - 1.
        class_weights: (C,) float32; 1 for every class by default.
        smoothing: of the target: what the true class gives away to all C alike, 0 .. 1. The whole
            image counts with its true class's weight; with each class's own, as PyTorch has it, a
            rare class would draw every image to itself.

    Returns:
        () float32.

    Source: paper A, equation 5; smoothing as in Szegedy et al. 2016, section 7.
    """
    return _average(-F.log_softmax(logits, dim=1), labels, class_weights, smoothing)


def focal_loss(
    logits: Tensor,
    labels: Tensor,
    class_weights: Tensor | None = None,
    *,
    alpha: float = 0.25,
    gamma: float = 2.0,
    smoothing: float = 0.0,
) -> Tensor:
    """Focal loss of several classes, -alpha (1 - p_t)^gamma log p_t, averaged as cross entropy is.

    The paper writes it for two classes, with p_t = p and alpha_t = alpha for the true class. Under
    a softmax with one true class an image has that term alone: p_t is the probability of its own
    class and alpha_t is alpha for every image, a common factor. What balances the classes is
    ``class_weights``.

    Args:
        logits: (B, C) float32.
        labels: (B,) int64, 0 .. C - 1.
        class_weights: (C,) float32; 1 for every class by default.
        alpha: common factor.
        gamma: how strongly images that are already recognized count less; 0 gives cross entropy.
        smoothing: of the target, see ``cross_entropy``.

    Returns:
        () float32.

    Source: paper A, equations 6 to 8; Lin et al. 2017, equation 5.
    """
    log_p = F.log_softmax(logits, dim=1)
    # The power's derivative is infinite at 0 where gamma is less than 1.
    missed = (-torch.expm1(log_p)).clamp_min(torch.finfo(log_p.dtype).eps)
    terms = -alpha * missed**gamma * log_p
    return _average(terms, labels, class_weights, smoothing)


def balanced_class_weights(counts: Sequence[int]) -> Tensor:
    """Weights inverse to the classes' sizes, N / (C n_c): all 1 for a balanced set.

    Args:
        counts: images of each class in the training set.

    Returns:
        (C,) float32.

    Raises:
        ValueError: a class without images.
    """
    sizes = torch.as_tensor(counts, dtype=torch.float64)
    if (sizes < 1).any():
        raise ValueError(f"class weights need at least one image a class, got {list(counts)}")
    return (sizes.sum() / (len(sizes) * sizes)).float()


def _average(
    terms: Tensor, labels: Tensor, class_weights: Tensor | None, smoothing: float
) -> Tensor:
    """Mean over the images of what each class's term, (B, C), costs by the smoothed target."""
    losses = terms.gather(1, labels[:, None]).squeeze(1)
    if smoothing:
        losses = (1 - smoothing) * losses + smoothing * terms.mean(dim=1)
    if class_weights is not None:
        losses = class_weights[labels] * losses
    return losses.mean()
