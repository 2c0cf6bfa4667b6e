"""Intervals of proportions."""

from scipy.stats import binomtest

CONFIDENCE = 0.95


def proportion_interval(hits: int, count: int) -> tuple[float, float]:
    """Lower and upper limit of a proportion, at a confidence of ``CONFIDENCE``.

    Args:
        hits: 0 .. count.
        count: 1 or more.

    Source: Wilson 1927, Probable inference.
    """
    limits = binomtest(hits, count).proportion_ci(CONFIDENCE, method="wilson")
    return float(limits.low), float(limits.high)


def share_interval(share: float, count: int) -> tuple[float, float]:
    """``proportion_interval`` of a rounded share of ``count`` images, as metrics have it."""
    return proportion_interval(round(share * count), count)
