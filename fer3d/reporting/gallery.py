"""Photos on the pages: the worst mistakes, faces that were not found, samples of each class."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from fer3d.evaluation import PROBABILITY
from fer3d.evaluation.calibration import confidence_of
from fer3d.evaluation.predictions import classes_of
from fer3d.files.manifest import VALIDATION
from fer3d.reporting.cards import Card, CardGroup, Gallery, Picture
from fer3d.reporting.samples import CELL, StageImages, choose_rows, evenly, shown_rows
from fer3d.reporting.templates import data_url

MISTAKES = 24  # largest number of wrong answers
FAILURES = 16  # largest number of photos for each reason why no face was found
WRONG, NO_FACE, NO_3D = "wrong answer", "no face found", "no 3D face"
RIGHT, NOT_JUDGED = "right answer", "training photo"
RESULTS = (WRONG, NO_FACE, NO_3D, RIGHT, NOT_JUDGED)
NOT_DETECTED, NO_EYES = "not detected", "detected without eyes"  # reasons


def run_gallery(
    images: StageImages, predictions: pd.DataFrame, per_class: int, *, pictures: bool
) -> Gallery:
    """Photos of a run; none is a test image, so that nobody improves a method by looking at them.

    Args:
        images: images of each stage.
        predictions: returned by ``evaluate``.
        per_class: number of samples of each class.
        pictures: without them the cards say which photos they are, and there are no samples.
    """
    answers = judged(images.frame, predictions)
    wrong = worst_mistakes(answers)
    failed = failures(images.frame)
    samples = choose_rows(images.frame, per_class) if pictures else {}
    by_row = answers.to_dict("index")
    seen: set[int] = set()
    cards = []
    for rows in (wrong, _joined(failed), _joined(samples)):
        fresh = [row for row in rows.tolist() if row not in seen]
        seen.update(fresh)
        cards.append([_card(images, row, by_row.get(row), pictures) for row in fresh])
    groups = [
        CardGroup(
            "Worst mistakes", "Wrong answers to validation photos, most confident first.", cards[0]
        ),
        CardGroup(
            "Where no face was found",
            "These photos are kept. Without a detected face, the whole photo is used; without a 3D "
            "face, the recognizer sees the photo alone.",
            cards[1],
        ),
        CardGroup("Samples of each class", "Spread evenly over the validation photos.", cards[2]),
    ]
    return Gallery.of(groups, RESULTS)


def judged(frame: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Answers to the validation photos that may be shown, by number of the row.

    Args:
        frame: N rows of a manifest.
        predictions: returned by ``evaluate``.

    Returns:
        Predictions with their ``confidence``.
    """
    part = predictions[predictions["split"] == VALIDATION]
    part = part.assign(confidence=confidence_of(part, classes_of(predictions)))
    shown = frame.loc[shown_rows(frame), ["id"]].reset_index(names="row")
    return shown.merge(part, on="id").set_index("row")


def worst_mistakes(answers: pd.DataFrame) -> np.ndarray:
    """Rows of at most ``MISTAKES`` wrong answers, the most confident first.

    Args:
        answers: returned by ``judged``.
    """
    wrong = answers[answers["label"] != answers["predicted"]]
    order = wrong.sort_values(["confidence", "id"], ascending=[False, True])
    return order.index.to_numpy(dtype=int)[:MISTAKES]


def failures(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Rows whose face was not found, at most ``FAILURES`` by reason, spread over the classes."""
    reasons = failure_reasons(frame)[shown_rows(frame)]
    chosen = {}
    for reason in sorted(set(reasons) - {""}):
        rows = reasons.index[reasons == reason].to_numpy()
        by_class = rows[np.argsort(frame["label"].iloc[rows].to_numpy(dtype=str), kind="stable")]
        chosen[reason] = evenly(by_class, FAILURES)
    return chosen


def failure_reasons(frame: pd.DataFrame) -> pd.Series:
    """Why no face was found, by row; "" where one was."""
    named = frame["reason"].fillna("").str.replace("_", " ")
    reasons = ("not reconstructed: " + named).where(~frame["reconstructed"], "")
    not_aligned = np.where(frame["detection"] == "", NOT_DETECTED, NO_EYES)
    return reasons.where(frame["aligned"], not_aligned)


Answer = Mapping[Hashable, Any] | None  # a row of predictions; None for a training photo


def _card(images: StageImages, row: int, answer: Answer, pictures: bool) -> Card:
    line = images.frame.iloc[row]
    found = [NO_FACE] * (not line["aligned"]) + [NO_3D] * (not line["reconstructed"])
    reason = failure_reasons(images.frame.iloc[[row]]).iloc[0]
    shown = images.of(row) if pictures else {}
    return Card(
        title=_answer(line["label"], answer),
        note=", ".join(filter(None, (reason, line["split"], line["path"]))),
        labels=[line["label"]],
        kinds=[_result(answer), *found],
        pictures=[Picture(title, data_url(image, CELL)) for title, image in shown.items()],
    )


def _result(answer: Answer) -> str:
    if answer is None:
        return NOT_JUDGED
    return RIGHT if answer["label"] == answer["predicted"] else WRONG


def _answer(label: str, answer: Answer) -> str:
    if answer is None:
        return label
    confident = f"{answer['predicted']} {answer['confidence']:.2f}"
    if answer["label"] == answer["predicted"]:
        return confident
    return f"{label} {answer.get(PROBABILITY + label, 0):.2f}, taken for {confident}"


def _joined(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, int), *parts.values()])
