"""Confidence intervals and tests for accuracies and their differences.

Hits are boolean arrays (S, N): run s (a seed) classified image n correctly. All runs are tested on
the same N images. Images of one person are not independent, so the bootstrap resamples groups of
images: persons if they are known, else single images.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fer3d.evaluation.intervals import CONFIDENCE

CELLS = 8_000_000  # largest number of resampling weights at a time, to bound memory


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of a score over runs; the latter is None for a single run."""

    mean: float
    std: float | None


@dataclass(frozen=True)
class Interval:
    """A bootstrap percentile interval."""

    low: float
    high: float


@dataclass(frozen=True)
class McNemar:
    """McNemar's test of two classifiers on the same images.

    Attributes:
        only_first: images that only the first classified correctly.
        only_second: images that only the second classified correctly.
        exact: two-sided p by the binomial distribution; 1 if there are no such images.
        chi_square: statistic with continuity correction; None if there are no such images.
        p_chi_square: its p with one degree of freedom.
    """

    only_first: int
    only_second: int
    exact: float
    chi_square: float | None
    p_chi_square: float | None


def spread(values: np.ndarray) -> Spread:
    """Mean and sample standard deviation (divisor runs - 1) of one value per run.

    Raises:
        ValueError: no runs.
    """
    if len(values) == 0:
        raise ValueError("expected at least one run, got none")
    std = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Spread(float(np.mean(values)), std)


def mcnemar(first: np.ndarray, second: np.ndarray) -> McNemar:
    """McNemar's test: do two classifiers have the same error rate?

    Args:
        first: (N,) or (S, N) bool, hits of the first classifier. With several runs the counts are
            added, and every image counts once per run: p is then too small.
        second: of the same shape, run s paired with run s.

    Source: McNemar 1947; continuity correction by Edwards 1948; the exact test is a sign test.
    """
    from scipy.stats import binomtest, chi2

    if first.shape != second.shape:
        raise ValueError(f"expected hits of one shape, got {first.shape} and {second.shape}")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    discordant = only_first + only_second
    if discordant == 0:
        return McNemar(0, 0, 1.0, None, None)
    exact = binomtest(only_first, discordant, 0.5).pvalue
    statistic = max(abs(only_first - only_second) - 1, 0) ** 2 / discordant
    return McNemar(
        only_first, only_second, float(exact), statistic, float(chi2.sf(statistic, df=1))
    )


def accuracy_interval(
    hits: np.ndarray, groups: np.ndarray, *, replicates: int, seed: int
) -> Interval:
    """Interval of the mean accuracy over runs; groups of images and runs are both resampled.

    Args:
        hits: (S, N) bool.
        groups: (N,) images of one group are resampled together, see
            ``fer3d.files.manifest.people``.
        replicates: number of bootstrap replicates.
        seed: seed of the bootstrap.

    Source: Owen 2007, The pigeonhole bootstrap; percentile interval of Efron and Tibshirani 1993.
    """
    return class_accuracy_interval(
        hits, np.zeros(hits.shape[1], int), groups, replicates=replicates, seed=seed
    )


def class_accuracy_interval(
    hits: np.ndarray, labels: np.ndarray, groups: np.ndarray, *, replicates: int, seed: int
) -> Interval:
    """Interval of the class accuracy, averaged over runs; see ``accuracy_interval``.

    Args:
        labels: (N,) int, classes of the images.
    """
    values, counts = _by_group(hits, labels, groups)
    means = [
        _recalls(runs, weights, values, counts)
        for weights, runs in _resampled(values.shape[1], len(values), replicates, seed)
    ]
    return _interval(np.concatenate(means))


def difference_interval(
    first: np.ndarray, second: np.ndarray, groups: np.ndarray, *, replicates: int, seed: int
) -> Interval:
    """Interval of the second's mean accuracy minus the first's, on the same images.

    The same images are drawn for both. Runs are drawn independently, although runs with one seed
    share the initial weights of common branches and the order of the batches: the interval is
    rather too wide than too narrow.

    Args:
        first: (S, N) bool.
        second: (T, N) bool.
        groups: (N,), see ``accuracy_interval``.
    """
    labels = np.zeros(first.shape[1], int)
    (one, counts), (other, _) = (_by_group(hits, labels, groups) for hits in (first, second))
    means = [
        _recalls(others, weights, other, counts) - _recalls(runs, weights, one, counts)
        for weights, runs, others in _resampled_both(one, other, replicates, seed)
    ]
    return _interval(np.concatenate(means))


def contrast_interval(
    first: np.ndarray,
    second: np.ndarray,
    parts: np.ndarray,
    groups: np.ndarray,
    *,
    replicates: int,
    seed: int,
) -> Interval:
    """Interval of the second's gain over the first in one part of the images minus that in another.

    Images and runs are drawn as in ``difference_interval``. Draws without any image of a part are
    left out.

    Args:
        first: (S, N) bool.
        second: (T, N) bool.
        parts: (N,) int: 1 and 0 for images of the one and the other part, 2 for others. Both parts
            have images.
        groups: (N,), see ``accuracy_interval``.
    """
    (one, counts), (other, _) = (_by_group(hits, parts, groups) for hits in (first, second))
    values = []
    for weights, runs, others in _resampled_both(one, other, replicates, seed):
        drawn = weights @ counts
        gains = _hits(others, weights, other) - _hits(runs, weights, one)
        full = (drawn[:, :2] > 0).all(axis=1)
        rates = gains[full, :2] / drawn[full, :2]
        values.append(rates[:, 1] - rates[:, 0])
    return _interval(np.concatenate(values))


def _by_group(
    hits: np.ndarray, labels: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hits (S, G, C) and images (G, C) of each group and class, float64."""
    if hits.ndim != 2 or hits.shape[1] == 0:
        raise ValueError(f"expected hits (runs, images) of at least one image, got {hits.shape}")
    _, group = np.unique(groups, return_inverse=True)
    _, label = np.unique(labels, return_inverse=True)
    shape = (group.max() + 1, label.max() + 1)
    cells = group * shape[1] + label
    size = shape[0] * shape[1]
    values = [np.bincount(cells, run, minlength=size).reshape(shape) for run in hits]
    return np.stack(values), np.bincount(cells, minlength=size).reshape(shape).astype(float)


def _resampled(
    groups: int, runs: int, replicates: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Counts of each group (b, G) and each run (b, S), in chunks of b replicates."""
    random = np.random.default_rng((seed, 0))
    chunk = max(1, CELLS // groups)
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        even = np.full(groups, 1 / groups)
        yield random.multinomial(groups, even, size=size), _run_weights(random, size, runs)


def _resampled_both(
    one: np.ndarray, other: np.ndarray, replicates: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """As ``_resampled``, of two setups; also the weights of the second's runs (b, T)."""
    runs_of_second = np.random.default_rng((seed, 1))
    for weights, runs in _resampled(one.shape[1], len(one), replicates, seed):
        yield weights, runs, _run_weights(runs_of_second, len(weights), len(other))


def _run_weights(random: np.random.Generator, size: int, runs: int) -> np.ndarray:
    """(b, S) weights of the runs in each replicate; rows sum to 1."""
    return random.multinomial(runs, np.full(runs, 1 / runs), size=size) / runs


def _hits(runs: np.ndarray, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(b, C) drawn hits of each class, averaged over runs by their weights."""
    return np.einsum("bs,sbc->bc", runs, weights @ values)


def _recalls(
    runs: np.ndarray, weights: np.ndarray, values: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """(b,) mean recall of the classes that were drawn, averaged over runs by their weights."""
    drawn = weights @ counts
    hits = _hits(runs, weights, values)
    there = drawn > 0
    recall = np.divide(hits, drawn, out=np.zeros_like(hits), where=there)
    return recall.sum(axis=1) / there.sum(axis=1)


def _interval(replicates: np.ndarray) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(replicates, (tail, 1 - tail))
    return Interval(float(low), float(high))
