"""Whether the gain is larger where the method claims it: turned heads, light from the side."""

from collections.abc import Iterator, Sequence

import numpy as np

from fer3d.experiments.formats import ResultTable, TableEntry, Value
from fer3d.experiments.groups import THIRDS, TURNED_NAME, Group, yaw_names
from fer3d.experiments.results import Bootstrap
from fer3d.experiments.statistics import Interval, contrast_interval

SIDE_LIT, EVENLY_LIT = THIRDS["side_light"][::-2]
FRONTAL = yaw_names()[0]
CLAIMS = ((TURNED_NAME, FRONTAL), (SIDE_LIT, EVENLY_LIT))  # a hard group and an easy one
OTHERS = 2  # images of neither


def contrast_table(
    name: str,
    titles: tuple[str, str],
    hits: tuple[np.ndarray, np.ndarray],
    people: np.ndarray,
    found: Sequence[Group],
    bootstrap: Bootstrap,
) -> ResultTable:
    """Gain of the second of two setups in the groups of ``CLAIMS``, and the difference of both.

    Args:
        name: of the table.
        titles: of the first and the second.
        hits: of the first (S, N) and of the second (T, N), bool, by training.
        people: (N,) str, person in each image.
        found: groups of the N images; a claim about a group that is not there has no row.
    """
    rows: list[list[TableEntry]] = [
        [hard.kind, hard.name, _gain(hits, hard), easy.name, _gain(hits, easy), change]
        for hard, easy, change in _contrasts(hits, people, found, bootstrap)
    ]
    first, second = titles
    return ResultTable(
        name,
        f"Is the gain larger for turned heads, or in side light? {second} − {first}",  # noqa: RUF001
        "Gain in points of accuracy, mean over trainings, and the difference of both gains.",
        ("by", "hard", "gain", "easy", "gain there", "difference"),
        rows,
        (
            "In parentheses the 95 % bootstrap interval; images (all of a person together, if "
            "persons are known) and the trainings of each setup are drawn with replacement. With "
            "one training of each, the interval is for these two networks.",
        ),
    )


def _contrasts(
    hits: tuple[np.ndarray, np.ndarray],
    people: np.ndarray,
    found: Sequence[Group],
    bootstrap: Bootstrap,
) -> Iterator[tuple[Group, Group, Value]]:
    groups = {group.name: group for group in found}
    for names in CLAIMS:
        if all(name in groups for name in names):
            hard, easy = (groups[name] for name in names)
            value = _gain(hits, hard).mean - _gain(hits, easy).mean
            yield hard, easy, _signed(value, _interval(hits, people, (hard, easy), bootstrap))


def _interval(
    hits: tuple[np.ndarray, np.ndarray],
    people: np.ndarray,
    pair: tuple[Group, Group],
    bootstrap: Bootstrap,
) -> Interval:
    hard, easy = pair
    parts = np.select([hard.rows, easy.rows], [1, 0], OTHERS)
    return contrast_interval(*hits, parts, people, **vars(bootstrap))


def _gain(hits: tuple[np.ndarray, np.ndarray], group: Group) -> Value:
    first, second = (one[:, group.rows].mean() for one in hits)
    return _signed(float(second - first))


def _signed(value: float, interval: Interval | None = None) -> Value:
    return Value(value, interval=interval, signed=True, runs=False)
