"""Tables of predictions: one row per image, with its label and the probability of each class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fer3d.evaluation import PROBABILITY
from fer3d.evaluation.calibration import calibration
from fer3d.evaluation.scores import DECIMALS, MEANS, confusion_matrix, scores
from fer3d.files.atomic import atomic_path
from fer3d.files.manifest import vote_shares


def predictions_table(
    frame: pd.DataFrame, probabilities: np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """One row per image: its true class, predicted class, probabilities, and whether it has a 3D
    face.

    Args:
        frame: N rows of a manifest, with ``reconstructed``.
        probabilities: (N, C) float32.
        classes: names of the C classes.
    """
    table = frame[["id", "split", "label", "reconstructed"]].reset_index(drop=True)
    table["predicted"] = np.asarray(classes, dtype=object)[probabilities.argmax(axis=1)]
    columns = {f"{PROBABILITY}{name}": probabilities[:, i] for i, name in enumerate(classes)}
    return table.assign(**columns)


def evaluate_split(predictions: pd.DataFrame, classes: Sequence[str]) -> dict[str, object]:
    """Scores and calibration of a table of predictions, see ``scores`` and ``calibration``."""
    return scores(confusion_of(predictions, classes), classes) | calibration(predictions, classes)


def evaluate_reconstructed(predictions: pd.DataFrame, classes: Sequence[str]) -> dict[str, object]:
    """Scores of the images with a reconstructed 3D face alone.

    Returns:
        {images, accuracy, class_accuracy, macro_f1}; the scores are None without such images.
    """
    part = predictions[predictions["reconstructed"]]
    judged = scores(confusion_of(part, classes), classes)
    return {"images": len(part), **{name: judged[name] if len(part) else None for name in MEANS}}


def evaluate_votes(
    predictions: pd.DataFrame, votes: pd.Series, classes: Sequence[str]
) -> dict[str, object]:
    """Agreement with the annotators, where they voted for at least one of the classes.

    Args:
        predictions: N rows.
        votes: of the same rows, as in a manifest.
        classes: C names.

    Returns:
        {images, agreement, cross_entropy}: agreement is the mean share of the votes that the
        predicted class has, cross entropy that of the shares and the probabilities, nats (Barsoum
        et al. 2016, section 3.4). Both are None without such images.
    """
    shares = vote_shares(votes, classes)
    voted = shares.any(axis=1)
    if not voted.any():
        return {"images": 0, "agreement": None, "cross_entropy": None}
    probabilities = predictions[[f"{PROBABILITY}{name}" for name in classes]].to_numpy(np.float64)
    answers = probabilities.argmax(axis=1)
    agreement = shares[np.arange(len(shares)), answers]
    surprise = -np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    return {
        "images": int(voted.sum()),
        "agreement": round(float(agreement[voted].mean()), DECIMALS),
        "cross_entropy": round(float((shares * surprise).sum(axis=1)[voted].mean()), DECIMALS),
    }


def confusion_of(predictions: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """Confusion matrix of a table of predictions, (C, C) int64, by true and predicted class."""
    names = pd.Index(classes)
    actual = names.get_indexer(pd.Index(predictions["label"]))
    predicted = names.get_indexer(pd.Index(predictions["predicted"]))
    return confusion_matrix(actual, predicted, len(classes))


def classes_of(predictions: pd.DataFrame) -> list[str]:
    """The recognizer's classes in their order, from the columns of a table of predictions."""
    columns = [name for name in predictions.columns if name.startswith(PROBABILITY)]
    return [name.removeprefix(PROBABILITY) for name in columns]


def write_predictions(predictions: pd.DataFrame, path: Path) -> None:
    """Write predictions as Parquet in one atomic step; equal tables give equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(predictions, preserve_index=False).replace_schema_metadata()
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
