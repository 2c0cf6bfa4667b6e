"""Two classifiers on the same images: whether and where the second one is better."""

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from fer3d.assets.recognizers import find_recognizer
from fer3d.errors import UserError
from fer3d.evaluation.predictions import predictions_table
from fer3d.experiments.comparisons import INTERVALS, accuracy_entries, mcnemar_entries
from fer3d.experiments.contrasts import contrast_table
from fer3d.experiments.formats import ResultTable
from fer3d.experiments.groups import Group, groups_of
from fer3d.experiments.results import Bootstrap, Difference
from fer3d.experiments.statistics import mcnemar
from fer3d.files.folders import Folders
from fer3d.files.manifest import people
from fer3d.files.packed import read_manifest
from fer3d.inference.branches import branch_classifiers
from fer3d.networks.fusion import FusionNetwork
from fer3d.training.answers import predict
from fer3d.training.arrays import open_set
from fer3d.training.checkpoint import load_trained
from fer3d.training.data import ExpressionDataset

WHOLE = "whole"  # the classifier of all branches
SEPARATOR = ":"  # between a recognizer and one of its classifiers


@dataclass(frozen=True)
class Pair:
    """Hits of two classifiers on the same images; each may have been trained several times.

    Attributes:
        titles: of the first and the second.
        first: (S, N) bool, whether training s of the first is right.
        second: (T, N) bool.
        people: (N,) str, person in each image, see ``fer3d.files.manifest.people``.
        groups: of these images, all of them first.
    """

    titles: tuple[str, str]
    first: np.ndarray
    second: np.ndarray
    people: np.ndarray
    groups: Sequence[Group]


class OneClassifier:
    """One of the classifiers of a network, as ``predict`` takes it."""

    def __init__(self, network: FusionNetwork, name: str):
        """
        Args:
            network: in evaluation mode.
            name: one of ``classifiers``.

        Raises:
            UserError: the network has no such classifier.
        """
        known = classifiers(network)
        if name not in known:
            raise UserError(f"no classifier {name!r}: this network has {', '.join(known)}")
        self._network, self._place = network, known.index(name)

    def probabilities(self, **inputs: Tensor | None) -> Tensor:
        """(B, C) float32, rows sum to 1; not calibrated."""
        logits = self._network.heads(**inputs)[self._place].detach()
        return logits.softmax(dim=1)


def classifiers(network: FusionNetwork) -> list[str]:
    """Names of a network's classifiers, in the order of ``FusionNetwork.heads``."""
    return [WHOLE, *branch_classifiers(network)]


def read_predictions(source: str, split: str, folders: Folders) -> pd.DataFrame:
    """Predictions of the images of a split, in the order of their ids, of one training.

    Args:
        source: a Parquet file of the stage `evaluate` or of a cell, or RECOGNIZER:CLASSIFIER, such
            as own:base, whose images are then classified.
        split: validation | test.
        folders: the arrays.

    Returns:
        Columns id, label, predicted.

    Raises:
        UserError: there is no such file, recognizer or classifier.
    """
    recognizer, separator, name = source.rpartition(SEPARATOR)
    if separator and not Path(source).exists():
        trained = load_trained(find_recognizer(recognizer))
        arrays = open_set(folders, trained.network.config.branches)
        rows = arrays.rows(split)
        dataset = ExpressionDataset(arrays, rows, trained.classes)
        if not len(dataset):
            raise UserError(f"there are no {split} images in {folders.images}")
        probabilities = predict(OneClassifier(trained.network, name), dataset)
        frame = arrays.frame.iloc[rows].assign(reconstructed=arrays.reconstructed[rows])
        return predictions_table(frame, probabilities, trained.classes)
    try:
        table = pd.read_parquet(source, columns=["id", "split", "label", "predicted"])
    except (OSError, ValueError) as error:
        raise UserError(f"{source} is not a file of predictions ({error})") from None
    return table[table["split"] == split].sort_values("id", ignore_index=True)


def pair_on(split: str, sources: tuple[str, str], folders: Folders) -> Pair:
    """Two classifiers on the images of a split.

    Args:
        split: validation | test.
        sources: of the first and the second, see ``read_predictions``; or a pattern, such as
            ``cells/*-photos-base-focal/predictions.parquet``, of the files of several trainings.
        folders: the arrays.

    Raises:
        UserError: a source cannot be read, there are no images of the split, the two were
            predicted for different images, or for images of another data set.
    """
    first, second = (
        [read_predictions(one, split, folders) for one in _trainings(source)] for source in sources
    )
    ids = first[0]["id"]
    if ids.empty or not all(table["id"].equals(ids) for table in [*first, *second]):
        raise UserError(f"{' and '.join(sources)} do not have the same {split} images")
    found = groups_of(ids.tolist(), folders.images, folders.faces)
    persons = people(read_manifest(folders.images)).loc[ids].to_numpy(dtype=str)
    named = zip(short_titles(*sources), (first, second), strict=True)
    titles = [title + _number(len(tables)) for title, tables in named]
    return Pair((titles[0], titles[1]), _hits(first), _hits(second), persons, found)


def differences(pair: Pair, bootstrap: Bootstrap) -> list[Difference]:
    """Accuracy of the second minus that of the first in each group, with its interval."""
    return [
        Difference.between(
            pair.first[:, group.rows],
            pair.second[:, group.rows],
            pair.people[group.rows],
            bootstrap,
        )
        for group in pair.groups
    ]


def pair_tables(pair: Pair, bootstrap: Bootstrap) -> list[ResultTable]:
    """The difference by group, whether it is larger in the hard ones, and McNemar's test.

    McNemar's test is of single trainings: with several of either there is none.
    """
    first, second = pair.titles
    hits = (pair.first, pair.second)
    rows = [
        [group.kind, group.name, int(group.rows.sum()), *accuracy_entries(difference)]
        for group, difference in zip(pair.groups, differences(pair, bootstrap), strict=True)
    ]
    tables = [
        ResultTable(
            "groups",
            f"{second} − {first}",  # noqa: RUF001
            "Accuracy in per cent by group of images.",
            ("by", "group", "images", first, second, "difference"),
            rows,
            (INTERVALS,),
        ),
        contrast_table("contrasts", pair.titles, hits, pair.people, pair.groups, bootstrap),
    ]
    if len(pair.first) == len(pair.second) == 1:
        tables.append(
            ResultTable(
                "mcnemar",
                "McNemar's test",
                "Images that only one of them classified correctly.",
                (f"{first} alone", f"{second} alone", "p, exact", "chi-square", "p"),
                [mcnemar_entries(mcnemar(*hits))],
            )
        )
    return tables


def short_titles(first: str, second: str) -> tuple[str, str]:
    """Two paths without the folders at their beginning, and names at their end, that are equal."""
    one, other = first.split("/"), second.split("/")
    while min(len(one), len(other)) > 1 and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    while min(len(one), len(other)) > 1 and one[0] == other[0]:
        one, other = one[1:], other[1:]
    return "/".join(one), "/".join(other)


def _number(trainings: int) -> str:
    return f" (mean of {trainings} trainings)" if trainings > 1 else ""


def _trainings(source: str) -> list[str]:
    """The files of a pattern, in order of their names; else the source itself."""
    return sorted(glob.glob(source, recursive=True)) or [source]


def _hits(tables: Sequence[pd.DataFrame]) -> np.ndarray:
    """(S, N) bool, of S tables of the same N images."""
    return np.stack([(one["label"] == one["predicted"]).to_numpy(dtype=bool) for one in tables])
