"""Subclasses of kernel subclass discriminant analysis, and their criterion.

Source: You, Hamsici and Martinez 2011 (the criterion); Zhu and Martinez 2006 (the division).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

TINY = 1e-12  # minimum of products of traces, which are zero for subclasses of one member


def owners_of(parts: Sequence[Tensor], labels: Tensor) -> Tensor:
    """Classes of the subclasses, (Q,) int64."""
    return torch.stack([labels[part[0]] for part in parts])


def divide(squares: Tensor, labels: Tensor, count: int) -> list[Tensor]:
    """Divide each class, sorted by nearness, into ``count`` consecutive parts of nearly equal size.

    Args:
        squares: (L, L) squared distances of all samples.
        labels: (L,) int64.
        count: H; a class with fewer members has a part for each.

    Returns:
        (n,) int64 of sample numbers each, by class, then by part.
    """
    parts: list[Tensor] = []
    for label in labels.unique():
        members = torch.where(labels == label)[0]
        ordered = members[sort_by_nearness(squares[members][:, members])]
        parts.extend(ordered.tensor_split(min(count, len(members))))
    return parts


def sort_by_nearness(squares: Tensor) -> Tensor:
    """Sort samples by nearness.

    The first and the last are the farthest pair. Of the remaining samples, the nearest to the first
    becomes the second, the nearest to the last the last but one, and so on.

    Args:
        squares: (n, n) squared distances.

    Returns:
        (n,) int64.
    """
    first, last = divmod(int(squares.argmax()), len(squares))
    by_end = [squares[end].argsort(stable=True).tolist() for end in (first, last)]
    runs: tuple[list[int], list[int]] = ([], [])
    placed: set[int] = set()
    waiting = [iter(order) for order in by_end]
    for turn in range(len(squares)):
        found = next(sample for sample in waiting[turn % 2] if sample not in placed)
        runs[turn % 2].append(found)
        placed.add(found)
    return torch.tensor(runs[0] + runs[1][::-1], device=squares.device)


def criterion(kernel: Tensor, sizes: Sequence[int], owners: Tensor) -> float:
    """Q1 x Q2 of subclasses in kernel space.

    Q1 is the sum of p_i p_j |m_i - m_j|^2, Q2 the mean of tr(S_i S_j) / (tr S_i^2 + tr S_j^2), over
    pairs of subclasses of different classes; p is a subclass's share of the samples, m its mean, S
    its covariance.

    Args:
        kernel: (L, L) float64, samples in the order of their subclasses.
        sizes: of the Q subclasses.
        owners: (Q,) int64, their classes.
    """
    counts = kernel.new_tensor(sizes)
    rows = _sums(kernel, sizes)  # (L, Q)
    means = _sums(rows.T, sizes) / counts[:, None] / counts[None, :]
    squares = _sums(_sums(kernel.square(), sizes).T, sizes)
    edges = _sums(rows.square().T, sizes).T / counts[None, :]  # row sums squared, (Q, Q)
    centred = squares - edges - edges.T + counts[:, None] * counts[None, :] * means.square()
    traces = centred / counts[:, None] / counts[None, :]
    first, second = torch.triu_indices(len(counts), len(counts), 1, device=kernel.device)
    different = owners[first] != owners[second]
    first, second = first[different], second[different]
    apart = means[first, first] - 2 * means[first, second] + means[second, second]
    shares = counts / counts.sum()
    alike = traces[first, second] / (traces[first, first] + traces[second, second]).clamp_min(TINY)
    return float((shares[first] * shares[second] * apart).sum() * alike.mean())


def _sums(values: Tensor, sizes: Sequence[int]) -> Tensor:
    """Sum the columns of each subclass: (M, L) to (M, Q)."""
    return torch.stack([part.sum(dim=1) for part in values.split(list(sizes), dim=1)], dim=1)
