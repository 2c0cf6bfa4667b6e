"""The predictions of all cells on the same test images."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.errors import UserError
from fer3d.evaluation.predictions import confusion_of
from fer3d.evaluation.scores import DECIMALS
from fer3d.experiments.cells import PREDICTIONS, Cell, Setup
from fer3d.experiments.published import ABBREVIATIONS
from fer3d.experiments.statistics import (
    Interval,
    Spread,
    accuracy_interval,
    class_accuracy_interval,
    difference_interval,
    spread,
)
from fer3d.files.manifest import TEST


@dataclass(frozen=True)
class Bootstrap:
    """Number of bootstrap replicates and seed."""

    replicates: int
    seed: int = 0


@dataclass(frozen=True)
class CellResults:
    """Predicted classes of all test images, by setup and seed.

    In a cross validation every image is tested in one fold; the networks of a seed, one per fold,
    are one run, whose test images are pooled as in the published figures.

    Attributes:
        classes: in the order of the paper's columns, then others.
        ids: (N,) ids of the test images of all folds, ascending.
        labels: (N,) int, indices into ``classes``.
        folds: number of pooled folds; 1 for a fixed test set.
        seeds: the S seeds.
        predicted: by configuration, (S, N) int, indices into ``classes``.
        people: (N,) str, person in each image, see ``fer3d.files.manifest.people``.
    """

    classes: Sequence[str]
    ids: np.ndarray
    labels: np.ndarray
    folds: int
    seeds: Sequence[int]
    predicted: Mapping[Setup, np.ndarray]
    people: np.ndarray

    def hits(self, configuration: Setup) -> np.ndarray:
        """(S, N) bool: whether the prediction is correct."""
        return self.predicted[configuration] == self.labels

    def accuracy(self, configuration: Setup, bootstrap: Bootstrap) -> "Score":
        """Accuracy: mean and standard deviation over seeds, and interval."""
        hits = self.hits(configuration)
        interval = accuracy_interval(hits, self.people, **vars(bootstrap))
        return Score(spread(hits.mean(axis=1)), interval)

    def class_accuracy(self, configuration: Setup, bootstrap: Bootstrap) -> "Score":
        """Class accuracy, the mean recall of classes with test images; as ``accuracy``."""
        hits = self.hits(configuration)
        values = np.nanmean(self.recalls(configuration), axis=1)
        interval = class_accuracy_interval(hits, self.labels, self.people, **vars(bootstrap))
        return Score(spread(values), interval)

    def recalls(self, configuration: Setup) -> np.ndarray:
        """(S, C) float64, recall by seed and class; NaN for a class without test images."""
        hits = self.hits(configuration)
        table = np.full((len(self.seeds), len(self.classes)), np.nan)
        for code in np.unique(self.labels):
            table[:, code] = hits[:, self.labels == code].mean(axis=1)
        return table

    def confusions(self, configuration: Setup) -> np.ndarray:
        """(S, C, C) int64, confusion matrix by seed; rows are true classes."""
        labels = np.array(self.classes, dtype=object)
        parts = [
            pd.DataFrame({"label": labels[self.labels], "predicted": labels[predicted]})
            for predicted in self.predicted[configuration]
        ]
        return np.stack([confusion_of(part, self.classes) for part in parts])

    def difference(
        self,
        first: Setup,
        second: Setup,
        bootstrap: Bootstrap,
        rows: np.ndarray | None = None,
    ) -> "Difference":
        """Accuracy of the second minus that of the first; on ``rows`` (N,) bool, or all images."""
        chosen = np.ones(len(self.ids), bool) if rows is None else rows
        one, other = self.hits(first)[:, chosen], self.hits(second)[:, chosen]
        return Difference.between(one, other, self.people[chosen], bootstrap)


@dataclass(frozen=True)
class Score:
    """A score over seeds, and its interval."""

    spread: Spread
    interval: Interval


@dataclass(frozen=True)
class Difference:
    """Accuracies of two configurations on the same images, and the interval of second - first."""

    first: float
    second: float
    interval: Interval

    @classmethod
    def between(
        cls, one: np.ndarray, other: np.ndarray, people: np.ndarray, bootstrap: Bootstrap
    ) -> "Difference":
        """Of hits (S, N) bool by seed, and the person in each image, (N,) str."""
        interval = difference_interval(one, other, people, **vars(bootstrap))
        return cls(float(one.mean()), float(other.mean()), interval)

    @property
    def value(self) -> float:
        """Second minus first."""
        return self.second - self.first


def load_results(folders: Mapping[Cell, Path], people: pd.Series) -> CellResults:
    """Read the predictions of all cells.

    Args:
        folders: the cells' folders; every setup has the same seeds and folds.
        people: persons by image id, see ``fer3d.files.manifest.people``.

    Raises:
        UserError: a cell is missing, or cells were tested on different images, or on images that
            are not in ``people``.
    """
    tables = {cell: _test_rows(folder) for cell, folder in folders.items()}
    setups, seeds, folds = (
        tuple(dict.fromkeys(getattr(cell, axis) for cell in folders))
        for axis in ("configuration", "seed", "fold")
    )
    first = _over_folds(tables, setups[0], seeds[0], folds)
    if first["id"].duplicated().any():
        raise UserError(f"image {first['id'][first['id'].duplicated()].iloc[0]!r} is in two folds")
    classes = class_order(set().union(*(_classes(table) for table in tables.values())))
    predicted = {}
    for setup in setups:
        rows = [_over_folds(tables, setup, seed, folds) for seed in seeds]
        if not all(part["id"].equals(first["id"]) for part in rows):
            raise UserError(
                f"{setup.title} was tested on other images than {setups[0].title}: run `make "
                "experiments` or `make compare` again"
            )
        predicted[setup] = np.stack([_codes(part["predicted"], classes) for part in rows])
    unknown = first["id"][~first["id"].isin(people.index)]
    if len(unknown):
        raise UserError(
            f"the test image {unknown.iloc[0]!r} is not among the images of the data set: run "
            "`make experiments` or `make compare` again"
        )
    return CellResults(
        classes,
        first["id"].to_numpy(),
        _codes(first["label"], classes),
        len(folds),
        seeds,
        predicted,
        people.loc[first["id"]].to_numpy(dtype=str),
    )


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Values for a summary, with the decimals of scores."""
    return {name: round(value, DECIMALS) for name, value in values.items()}


def class_order(classes: Iterable[str]) -> list[str]:
    """Classes in the order of the paper's columns, then others by name."""
    rank = {name: number for number, name in enumerate(ABBREVIATIONS)}
    return sorted(classes, key=lambda name: (rank.get(name, len(rank)), name))


def _test_rows(folder: Path) -> pd.DataFrame:
    path = folder / PREDICTIONS
    try:
        table = pd.read_parquet(path, columns=["id", "split", "label", "predicted"])
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run `make experiments` or `make compare`") from None
    rows = table[table["split"] == TEST]
    if rows.empty:
        raise UserError(f"{path} has no test images, which the tables need")
    return rows


def _over_folds(
    tables: Mapping[Cell, pd.DataFrame],
    configuration: Setup,
    seed: int,
    folds: Sequence[int | None],
) -> pd.DataFrame:
    parts = [tables[Cell(configuration, seed, fold)] for fold in folds]
    return pd.concat(parts).sort_values("id", ignore_index=True)


def _classes(table: pd.DataFrame) -> set[str]:
    """True and predicted classes of the test images."""
    return set(table["label"]) | set(table["predicted"])


def _codes(labels: pd.Series, classes: Sequence[str]) -> np.ndarray:
    """(N,) int, indices of the classes."""
    return pd.Index(classes).get_indexer(pd.Index(labels))
