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
    """Categorical cross entropy: mean over the images, weighted by their true classes.

    The sum is divided by the number of images, not by the sum of weights, so that the loss of a
    batch is the mean of the losses of its equal parts, whatever their classes.

    Args:
        logits: (B, C) float32, or bfloat16 of a training in this precision.
        labels: (B,) int64, 0 .. C - 1; or (B, C) float32, probabilities of the classes.
        class_weights: (C,) float32; 1 for every class by default.
        smoothing: label smoothing, 0 .. 1: probability that is distributed evenly over all C
            classes. An image is weighted by its true class; with the weights of all target classes,
            as in PyTorch, rare classes would dominate the loss of every image.

    Returns:
        () float32.

    Source: paper A, equation 5; smoothing as in Szegedy et al. 2016, section 7.
    """
    return _average(-_log_softmax(logits), labels, class_weights, smoothing)


def focal_loss(
    logits: Tensor,
    labels: Tensor,
    class_weights: Tensor | None = None,
    *,
    alpha: float = 0.25,
    gamma: float = 2.0,
    smoothing: float = 0.0,
) -> Tensor:
    """Multi-class focal loss, -alpha (1 - p_t)^gamma log p_t, averaged like the cross entropy.

    The paper gives it for two classes, with p_t = p and alpha_t = alpha for the true class. With a
    softmax and one true class only that term remains: p_t is the probability of the true class, and
    alpha_t is alpha for every image, a common factor. Classes are balanced by ``class_weights``.

    Args:
        logits: as of ``cross_entropy``.
        labels: as of ``cross_entropy``; by probabilities, the terms of the classes are averaged.
        class_weights: (C,) float32; 1 for every class by default.
        alpha: common factor.
        gamma: down-weighting of well classified images; 0 gives the cross entropy.
        smoothing: label smoothing, see ``cross_entropy``.

    Returns:
        () float32.

    Source: paper A, equations 6 to 8; Lin et al. 2017, equation 5.
    """
    log_p = _log_softmax(logits)
    # The derivative of the power is infinite at 0 if gamma is less than 1.
    missed = (-torch.expm1(log_p)).clamp_min(torch.finfo(log_p.dtype).eps)
    terms = -alpha * missed**gamma * log_p
    return _average(terms, labels, class_weights, smoothing)


def balanced_class_weights(counts: Sequence[int]) -> Tensor:
    """Weights inverse to the class sizes, N / (C n_c): all 1 for a balanced data set.

    Args:
        counts: number of training images of each class.

    Returns:
        (C,) float32.

    Raises:
        ValueError: a class without images.
    """
    sizes = torch.as_tensor(counts, dtype=torch.float64)
    if (sizes < 1).any():
        raise ValueError(f"class weights need at least one image per class, got {list(counts)}")
    return (sizes.sum() / (len(sizes) * sizes)).float()


def _log_softmax(logits: Tensor) -> Tensor:
    """In float32; on a CPU, autocast leaves it in bfloat16, with three digits."""
    return F.log_softmax(logits.float(), dim=1)


def _average(
    terms: Tensor, labels: Tensor, class_weights: Tensor | None, smoothing: float
) -> Tensor:
    """Mean over the images of the terms (B, C), weighted by smoothed target and class weight.

    By probabilities, the weight of an image is the mean of its classes' weights.
    """
    soft = labels.ndim == 2
    losses = (labels * terms).sum(dim=1) if soft else terms.gather(1, labels[:, None]).squeeze(1)
    if smoothing:
        losses = (1 - smoothing) * losses + smoothing * terms.mean(dim=1)
    if class_weights is not None:
        weights = (labels * class_weights).sum(dim=1) if soft else class_weights[labels]
        losses = weights * losses
    return losses.mean()
