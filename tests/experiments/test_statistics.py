"""Statistics on cases whose answers are known."""

import numpy as np
import pytest

from fer3d.experiments.statistics import (
    accuracy_interval,
    class_accuracy_interval,
    contrast_interval,
    difference_interval,
    mcnemar,
    spread,
)


def hits(*rows: str) -> np.ndarray:
    return np.array([[sign == "1" for sign in row] for row in rows])


def discordant(only_first: int, only_second: int) -> tuple[np.ndarray, np.ndarray]:
    """Hits of two classifiers; eleven further images are irrelevant."""
    first = [1] * only_first + [0] * only_second + [1] * 5 + [0] * 6
    second = [0] * only_first + [1] * only_second + [1] * 5 + [0] * 6
    return np.array(first, bool), np.array(second, bool)


def test_mcnemar_by_hand() -> None:
    """1 against 7 of 8: p = 2 (1 + 8) / 256; chi-square (|1 - 7| - 1)^2 / 8 = 3.125."""
    test = mcnemar(*discordant(1, 7))
    assert (test.only_first, test.only_second) == (1, 7)
    assert test.exact == pytest.approx(18 / 256)
    assert test.chi_square == pytest.approx(3.125)
    assert test.p_chi_square == pytest.approx(0.0770998717, abs=1e-9)


def test_mcnemar_of_the_text_books() -> None:
    """Agresti's approval ratings: 150 against 86; statsmodels gives 16.8178 and p = 4.115e-05."""
    test = mcnemar(*discordant(150, 86))
    assert test.chi_square == pytest.approx(63**2 / 236)
    assert test.p_chi_square == pytest.approx(4.115e-05, rel=1e-3)


def test_mcnemar_is_the_same_both_ways_and_never_above_one() -> None:
    for counts in ((5, 5), (0, 1), (2, 3)):
        one, other = mcnemar(*discordant(*counts)), mcnemar(*discordant(*counts[::-1]))
        assert one.exact == other.exact <= 1
    assert mcnemar(*discordant(5, 5)).chi_square == 0
    assert mcnemar(*discordant(5, 5)).exact == 1


def test_mcnemar_without_a_difference() -> None:
    test = mcnemar(*discordant(0, 0))
    assert (test.exact, test.chi_square, test.p_chi_square) == (1.0, None, None)


def test_counts_of_several_runs_are_added() -> None:
    test = mcnemar(hits("110", "100"), hits("011", "111"))
    assert (test.only_first, test.only_second) == (1, 3)


def test_one_run_has_no_spread() -> None:
    assert spread(np.array([0.7])).std is None
    assert spread(np.array([0.7, 0.9])).std == pytest.approx(0.2 / 2**0.5)
    with pytest.raises(ValueError, match="at least one run"):
        spread(np.array([]))


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_the_interval_covers_the_truth_as_often_as_it_says(share: float) -> None:
    """95 % of the intervals of Bernoulli samples hold the probability, give or take 4 %."""
    rng = np.random.default_rng(0)
    count, trials = 200, 300
    covered = 0
    for trial in range(trials):
        sample = rng.random((1, count)) < share
        interval = accuracy_interval(sample, np.arange(count), replicates=300, seed=trial)
        covered += interval.low <= share <= interval.high
    assert 0.91 <= covered / trials <= 0.985


def test_the_interval_has_the_width_of_a_binomial() -> None:
    sample = np.arange(2500)[None] % 5 > 0  # 80 %
    interval = accuracy_interval(sample, np.arange(2500), replicates=4000, seed=0)
    half = 1.96 * (0.8 * 0.2 / 2500) ** 0.5
    assert interval.low == pytest.approx(0.8 - half, abs=0.002)
    assert interval.high == pytest.approx(0.8 + half, abs=0.002)


def test_images_of_one_person_are_one_observation() -> None:
    """Fifty persons with twenty equal results each are as good as fifty images."""
    persons = np.arange(50) % 5 > 0
    images = np.repeat(persons, 20)[None]
    whole = accuracy_interval(images, np.repeat(np.arange(50), 20), replicates=2000, seed=0)
    alone = accuracy_interval(persons[None], np.arange(50), replicates=2000, seed=0)
    assert (whole.low, whole.high) == pytest.approx((alone.low, alone.high))


def test_runs_that_differ_widen_the_interval() -> None:
    same = np.tile(np.arange(1000) % 2 > 0, (4, 1))
    differing = np.stack([np.arange(1000) % 100 < part for part in (30, 40, 60, 70)])
    narrow, wide = (
        accuracy_interval(runs, np.arange(1000), replicates=1000, seed=0)
        for runs in (same, differing)
    )
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)


def test_two_equal_classifiers_differ_by_nothing() -> None:
    run = (np.arange(90) % 3 > 0)[None]
    interval = difference_interval(run, run, np.arange(90), replicates=200, seed=0)
    assert (interval.low, interval.high) == (0, 0)


def test_the_difference_of_paired_images_is_narrower_than_of_others() -> None:
    rng = np.random.default_rng(0)
    base = rng.random((1, 1000)) < 0.6
    whole = base | (rng.random((1, 1000)) < 0.1)
    gain = whole.mean() - base.mean()
    paired = difference_interval(base, whole, np.arange(1000), replicates=2000, seed=0)
    assert 0 < paired.low < gain < paired.high < 2 * gain


def gains(random: np.random.Generator, hard: float, easy: float) -> tuple[np.ndarray, ...]:
    """Hits of two classifiers on 400 images, and their parts; the second gains as asked."""
    parts = np.arange(400) % 3
    first = random.random((1, 400)) < 0.5
    share = np.choose(parts, [easy, hard, 0.9])
    return first, first | (random.random((1, 400)) < 2 * share), parts


@pytest.mark.parametrize(("hard", "easy"), [(0.1, 0.1), (0.3, 0.1)])
def test_the_contrast_covers_the_difference_of_the_gains(hard: float, easy: float) -> None:
    """95 % of the intervals hold it, give or take 5 %; images of neither part do not count."""
    random, trials = np.random.default_rng(0), 200
    covered = 0
    for trial in range(trials):
        one, other, parts = gains(random, hard, easy)
        interval = contrast_interval(one, other, parts, np.arange(400), replicates=300, seed=trial)
        covered += interval.low <= hard - easy <= interval.high
    assert 0.90 <= covered / trials <= 0.99


def test_a_contrast_of_certain_gains_has_no_width() -> None:
    """The second is right on all of one part, where the first is never: a gain of 1, and of 0."""
    parts = np.array([1] * 5 + [0] * 40 + [2] * 5)
    first = np.stack([parts == 0, parts != 1])
    interval = contrast_interval(
        first, np.ones((3, 50), bool), parts, np.arange(50), replicates=500, seed=0
    )
    assert (interval.low, interval.high) == pytest.approx((1, 1))


def test_class_accuracy_weighs_classes_alike() -> None:
    labels = np.array([0] * 900 + [1] * 100)
    sample = (labels == 0)[None]
    groups = np.arange(1000)
    interval = class_accuracy_interval(sample, labels, groups, replicates=200, seed=0)
    assert (interval.low, interval.high) == (0.5, 0.5)


def test_a_seed_gives_one_interval() -> None:
    sample = np.random.default_rng(0).random((2, 100)) < 0.7
    first = accuracy_interval(sample, np.arange(100), replicates=50, seed=0)
    assert accuracy_interval(sample, np.arange(100), replicates=50, seed=0) == first
    assert accuracy_interval(sample, np.arange(100), replicates=50, seed=1) != first
