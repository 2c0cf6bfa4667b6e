"""Train, validation and test: official splits kept, the others made stratified and seeded.

The paper's 80 / 20 (B, section 4) is training against held-out images. What it calls validation
is what it reports results on, so here it is ``test``; ``validation``, for early stopping, is
carved out of the training images afterwards. Test is touched by the evaluation alone.

With ``split.folds`` the test set is one fold of a cross validation (paper A, section 5.2): every
image is a test image in exactly one of the folds.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, train_test_split

from fer3d.errors import UserError
from fer3d.files.manifest import SPLITS, TEST, TRAIN, VALIDATION, check_two_classes, people, tally
from fer3d.splitting.divisible import Division, check_divisible
from fer3d.splitting.params import SplitParams


def split(frame: pd.DataFrame, params: SplitParams) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Give every image a split.

    1. Official splits are kept. An official validation without an official test becomes the test
       split, or stays validation by ``params.official_validation``.
    2. No test: ``test_fraction`` of the training images is held out.
    3. No validation: ``validation_fraction`` of the training images left is held out.

    With ``params.folds`` the official splits are left aside: the images of ``params.fold`` are the
    test split, see ``deal_folds``, and validation is held out of the others.

    Where no subject is known, images are held out by scikit-learn's ``train_test_split``,
    stratified by class: ``test_fraction`` 0.2 with seed 0 gives the published counts. Where
    subjects are known, whole subjects are held out, see ``held_out_subjects``.

    Args:
        frame: manifest without duplicates; ``split`` holds the official splits or nulls.

    Returns:
        The manifest sorted by id with a split in each row, and metrics
        ``{train, validation, test}``, each by class.

    Raises:
        UserError: one class only, a class too small to be divided, a class without training
            images, or an SHA1 or a subject in two splits.

    Source: paper B, section 4 and table 2.
    """
    frame = frame.sort_values("id", ignore_index=True)
    check_two_classes(frame["label"])
    splits = _start(frame, params)
    whole = _divided(frame["label"], splits, params)
    for name, fraction in ((TEST, params.test_fraction), (VALIDATION, params.validation_fraction)):
        if not (splits == name).any():
            train = np.flatnonzero(splits == TRAIN)
            splits[train[_held_out(frame.iloc[train], fraction, name, whole)]] = name
    frame = frame.assign(split=splits)
    check_disjoint(frame)
    _check_trained(frame)
    labels = dict.fromkeys(sorted(frame["label"].unique()), 0)
    return frame, {s: labels | tally(frame["label"][frame["split"] == s]) for s in SPLITS}


def held_out(labels: Sequence[str], fraction: float, seed: int) -> np.ndarray:
    """Rows to hold out, stratified by class.

    Args:
        labels: (N,) one a row; the result depends on their order.
        fraction: share of the rows, 0..1; rounded up to a whole number of rows.

    Returns:
        (ceil(fraction N),) int, in random order.

    Source: paper B, section 4.
    """
    rows = np.arange(len(labels))
    return train_test_split(rows, test_size=fraction, stratify=labels, random_state=seed)[1]


def held_out_subjects(
    labels: Sequence[str], subjects: Sequence[str], fraction: float, seed: int
) -> np.ndarray:
    """Rows of the subjects to hold out, classes in about their proportions.

    The subjects are dealt into ``round(1 / fraction)`` stratified folds, and the first is held
    out: with whole subjects the share of images is met only about.

    Args:
        labels: (N,) one a row.
        subjects: (N,) one a row.

    Returns:
        (M,) int, ascending.

    Raises:
        UserError: fewer subjects than folds.
    """
    folds = max(2, round(1 / fraction))
    if len(set(subjects)) < folds:
        raise UserError(
            f"{len(set(subjects))} subjects are too few to hold out a share of {fraction}: at "
            f"least {folds} are needed; add subjects, raise the fraction or leave the subjects out"
        )
    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with _small_classes_allowed():
        return next(dealer.split(labels, labels, subjects))[1]


def deal_folds(frame: pd.DataFrame, folds: int, seed: int) -> np.ndarray:
    """Deal the images into stratified folds, whole subjects where subjects are known.

    Args:
        frame: manifest sorted by id; who is on an image says ``fer3d.files.manifest.people``.
        folds: how many, at least 2.

    Returns:
        (N,) int, the fold of each image, 0 .. folds - 1.

    Raises:
        UserError: too few subjects, or a class with too few images or subjects to be in the
            training images whatever fold is the test set.

    Source: paper A, section 5.2.
    """
    labels = frame["label"].to_numpy(dtype=object)
    if frame["subject"].notna().any():
        subjects = people(frame).to_numpy(dtype=object)
        _check_subjects(subjects, folds)
        dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        parts = dealer.split(labels, labels, subjects)
    else:
        _check_per_fold(frame["label"], folds)
        dealer = StratifiedKFold(folds, shuffle=True, random_state=seed)
        parts = dealer.split(labels, labels)
    dealt = np.empty(len(frame), dtype=int)
    with _small_classes_allowed():
        for number, (_, rows) in enumerate(parts):
            dealt[rows] = number
    _check_spread(frame["label"], dealt)
    return dealt


def check_disjoint(frame: pd.DataFrame) -> None:
    """Assert that no file and no subject is in two splits.

    Raises:
        UserError: naming the first one that is.
    """
    remedies = {
        "sha1": "the same file: remove duplicates before splitting",
        "subject": "leave the split column out of the list to have whole subjects held out",
    }
    for column, remedy in remedies.items():
        found = frame.groupby(column)["split"].unique()
        found = found[found.map(len) > 1]
        if len(found):
            where = " and ".join(sorted(found.iloc[0]))
            raise UserError(f"{column} {found.index[0]!r} is in both {where} ({remedy})")


def _start(frame: pd.DataFrame, params: SplitParams) -> np.ndarray:
    """(N,) object: test and validation as far as they are given, train for all others."""
    if params.folds is None:
        return _official(frame["split"], params.official_validation)
    dealt = deal_folds(frame, params.folds, params.seed)
    return np.where(dealt == params.fold, TEST, TRAIN).astype(object)


def _official(official: pd.Series, validation_without_test: str) -> np.ndarray:
    """(N,) object: the official splits, train where there is none."""
    splits = np.where(official.notna(), official, TRAIN).astype(object)
    if validation_without_test == TEST and not (splits == TEST).any():
        splits[splits == VALIDATION] = TEST
    return splits


def _divided(labels: pd.Series, splits: np.ndarray, params: SplitParams) -> Division:
    if params.folds is not None:
        return Division(labels, (TEST, VALIDATION), params)
    missing = tuple(name for name in (TEST, VALIDATION) if not (splits == name).any())
    return Division(labels[splits == TRAIN], missing, params)


def _held_out(frame: pd.DataFrame, fraction: float, name: str, whole: Division) -> np.ndarray:
    labels, seed = frame["label"].to_numpy(dtype=object), whole.params.seed
    if frame["subject"].notna().any():
        return held_out_subjects(labels, people(frame).to_numpy(dtype=object), fraction, seed)
    check_divisible(frame["label"], fraction, name, whole)
    return held_out(labels, fraction, seed)


@contextmanager
def _small_classes_allowed() -> Iterator[None]:
    """scikit-learn warns of a class with fewer images than folds, which is no fault here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        yield


def _check_subjects(subjects: np.ndarray, folds: int) -> None:
    if (count := len(set(subjects))) < folds:
        raise UserError(
            f"{count} subjects are too few for {folds} folds: lower split.folds, or leave the "
            "subjects out of the list (images of one person are then in several folds)"
        )


def _check_per_fold(labels: pd.Series, folds: int) -> None:
    counts = labels.value_counts()
    if counts.min() < folds:
        raise UserError(
            f"class {min(counts.index[counts < folds])!r} has {counts.min()} images for {folds} "
            "folds, at least one a fold is needed: lower split.folds, add images, or leave the "
            "class out by ingest.classes"
        )


def _check_spread(labels: pd.Series, dealt: np.ndarray) -> None:
    """A class that lies in one fold has nothing to be learnt from where that fold is tested."""
    spread = pd.Series(dealt).groupby(labels.to_numpy(dtype=object)).nunique()
    if spread.min() < 2:
        raise UserError(
            f"all images of class {spread.idxmin()!r} are in one fold: it needs at least two "
            "subjects; add some, or leave the class out by ingest.classes"
        )


def _check_trained(frame: pd.DataFrame) -> None:
    """Every class must be in the training images, or it cannot be learnt."""
    missing = sorted(set(frame["label"]) - set(frame["label"][frame["split"] == TRAIN]))
    if missing:
        raise UserError(
            f"class {missing[0]!r} has no image in {TRAIN}: add some, give it the same name in all "
            "splits by ingest.class_names, or leave it out by ingest.classes"
        )
