"""Training, validation and test splits: official ones are kept, others are stratified and seeded.

The paper's 80 / 20 split (B, section 4) separates training from held-out images. Its results are on
the images that it calls validation, so they are ``test`` here; ``validation``, for early stopping,
is taken from the training images. Only the evaluation reads the test split.

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
from fer3d.files.manifest import SPLITS, TEST, TRAIN, VALIDATION, check_two_classes, tally
from fer3d.splitting.divisible import Division, check_divisible
from fer3d.splitting.params import SplitParams
from fer3d.splitting.together import has_near_copies, inseparable, known_subjects

Labels = Sequence[str] | np.ndarray
"""(N,) one a row."""


def split(frame: pd.DataFrame, params: SplitParams) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Assign every image to a split.

    1. Official splits are kept. An official validation split without an official test split becomes
       the test split, or stays the validation split (``params.official_validation``).
    2. If there is no test split, ``test_fraction`` of the training images is held out.
    3. If there is no validation split, ``validation_fraction`` of the remaining training images is
       held out.

    With ``params.folds`` the official splits are ignored: the images of ``params.fold`` are the
    test split, see ``deal_folds``, and the validation split is taken from the others.

    Without known subjects, images are held out by scikit-learn's ``train_test_split``, stratified
    by class: ``test_fraction`` 0.2 with seed 0 gives the published counts. Near copies
    count as one image, of the first one's class. With known subjects, whole subjects are held out,
    see ``held_out_subjects``.

    Args:
        frame: manifest without duplicates; ``split`` has the official splits or nulls.

    Returns:
        The manifest sorted by id with a split in each row, and metrics
        ``{train, validation, test}``, each by class.

    Raises:
        UserError: only one class, a class that is too small to be split, a class without training
            images, or a SHA-1 or a subject in two splits.

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


def held_out(labels: Labels, fraction: float, seed: int) -> np.ndarray:
    """Rows to hold out, stratified by class.

    Args:
        labels: (N,); the result depends on their order.
        fraction: of the rows, 0..1; the number of rows is rounded up.

    Returns:
        (ceil(fraction N),) int, in random order.

    Source: paper B, section 4.
    """
    rows = np.arange(len(labels))
    return train_test_split(rows, test_size=fraction, stratify=labels, random_state=seed)[1]


def held_out_subjects(labels: Labels, subjects: Labels, fraction: float, seed: int) -> np.ndarray:
    """Rows of the subjects to hold out, approximately stratified by class.

    Up to one half, the subjects are divided into ``round(1 / fraction)`` stratified folds, and the
    first is held out; of a larger fraction the rest is chosen so. With whole subjects the fraction
    is met only approximately.

    Args:
        labels: (N,)
        subjects: (N,)

    Returns:
        (M,) int, ascending.

    Raises:
        UserError: fewer subjects than folds, or fewer images in every class.
    """
    folds = max(2, round(1 / min(fraction, 1 - fraction)))
    largest = pd.Series(labels).value_counts().max()
    for count, what in ((len(set(subjects)), "subjects"), (largest, "images in the largest class")):
        if count < folds:
            raise UserError(
                f"{count} {what} are too few to hold out a fraction of {fraction}: at least "
                f"{folds} are needed; add images, raise the fraction or remove the subjects"
            )
    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with _small_classes_allowed():
        others, first = next(dealer.split(labels, labels, subjects))
    return first if fraction <= 0.5 else others


def deal_folds(frame: pd.DataFrame, folds: int, seed: int) -> np.ndarray:
    """Divide the images into stratified folds, keeping the images of a subject together.

    Args:
        frame: manifest sorted by id; ``fer3d.files.manifest.people`` gives the subjects.
        folds: number of folds, at least 2.

    Returns:
        (N,) int, the fold of each image, 0 .. folds - 1.

    Raises:
        UserError: too few subjects, or a class with too few images or subjects to have training
            images for every test fold.

    Source: paper A, section 5.2.
    """
    labels = frame["label"].to_numpy(dtype=object)
    if known_subjects(frame) or has_near_copies(frame):
        subjects = inseparable(frame)
        _check_subjects(subjects, frame["label"], folds)
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
    """Check that no file and no subject is in two splits.

    Raises:
        UserError: one is; the message names it.
    """
    remedies = {
        "sha1": "the same file: remove duplicates before splitting",
        "subject": "leave the split column out of the list to have whole subjects held out",
        "near_group": "near copies: set deduplicate.near to group",
    }
    for column, remedy in remedies.items():
        if column not in frame:
            continue
        found = frame.groupby(column)["split"].unique()
        found = found[found.map(len) > 1]
        if len(found):
            where = " and ".join(sorted(found.iloc[0]))
            raise UserError(f"{column} {found.index[0]!r} is in both {where} ({remedy})")


def _start(frame: pd.DataFrame, params: SplitParams) -> np.ndarray:
    """(N,) object: test and validation where given, train for all others."""
    if params.folds is None:
        return _official(frame["split"], params.official_validation)
    dealt = deal_folds(frame, params.folds, params.seed)
    return np.where(dealt == params.fold, TEST, TRAIN).astype(object)


def _official(official: pd.Series, validation_without_test: str) -> np.ndarray:
    """(N,) object: the official splits, train for images without one."""
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
    together = inseparable(frame)
    if known_subjects(frame):
        return held_out_subjects(labels, together, fraction, seed)
    units = np.unique(together)  # the first image of each group, in the order of the rows
    check_divisible(frame["label"].iloc[units], fraction, name, whole)
    chosen = units[held_out(labels[units], fraction, seed)]
    return np.flatnonzero(np.isin(together, chosen))


@contextmanager
def _small_classes_allowed() -> Iterator[None]:
    """Silence scikit-learn's warning about classes with fewer images than folds."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        yield


def _check_subjects(subjects: np.ndarray, labels: pd.Series, folds: int) -> None:
    if (count := len(set(subjects))) < folds:
        raise UserError(
            f"{count} subjects are too few for {folds} folds: lower split.folds, or remove the "
            "subjects from the list (images of one person are then in several folds)"
        )
    if (largest := labels.value_counts().max()) < folds:
        raise UserError(
            f"the largest class has {largest} images for {folds} folds: lower split.folds, or add "
            "images"
        )


def _check_per_fold(labels: pd.Series, folds: int) -> None:
    counts = labels.value_counts()
    if counts.min() < folds:
        raise UserError(
            f"class {min(counts.index[counts < folds])!r} has {counts.min()} images for {folds} "
            "folds, at least one per fold is needed: lower split.folds, add images, or leave the "
            "class out by ingest.classes"
        )


def _check_spread(labels: pd.Series, dealt: np.ndarray) -> None:
    """Raise if a class is in one fold only: it has no training images if that fold is tested."""
    spread = pd.Series(dealt).groupby(labels.to_numpy(dtype=object)).nunique()
    if spread.min() < 2:
        raise UserError(
            f"all images of class {spread.idxmin()!r} are in one fold: it needs at least two "
            "subjects; add some, or leave the class out by ingest.classes"
        )


def _check_trained(frame: pd.DataFrame) -> None:
    """Raise if a class has no training images."""
    missing = sorted(set(frame["label"]) - set(frame["label"][frame["split"] == TRAIN]))
    if missing:
        raise UserError(
            f"class {missing[0]!r} has no image in {TRAIN}: add some, give it the same name in all "
            "splits by ingest.class_names, or leave it out by ingest.classes"
        )
