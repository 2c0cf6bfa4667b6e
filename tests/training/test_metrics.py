"""Metrics against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from fer3d.evaluation.scores import confusion_matrix, scores
from fer3d.training.metrics import NAMES, classification_metrics


@pytest.mark.parametrize("seed", range(3))
def test_metrics_are_scikit_learns_whatever_the_batches(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.choice(4, 300, p=[0.6, 0.2, 0.15, 0.05])
    logits = rng.normal(size=(300, 4)) + 1.5 * np.eye(4)[labels]
    metrics = classification_metrics(4).clone(prefix="train_")
    for part in np.array_split(np.arange(300), 7):
        metrics.update(torch.from_numpy(logits[part]), torch.from_numpy(labels[part]))
    predicted = logits.argmax(axis=1)
    values = {name: float(value) for name, value in metrics.compute().items()}
    assert values == pytest.approx(
        {
            "train_accuracy": accuracy_score(labels, predicted),
            "train_class_accuracy": balanced_accuracy_score(labels, predicted),
            "train_macro_f1": f1_score(labels, predicted, average="macro"),
        },
        rel=1e-5,
    )


def test_a_class_that_never_occurs_has_no_recall() -> None:
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    metrics = classification_metrics(4)
    metrics.update(torch.eye(4)[predicted], torch.from_numpy(labels))
    values = {name: float(value) for name, value in metrics.compute().items()}
    expected = scores(confusion_matrix(labels, predicted, 4), "abcd")
    assert values == pytest.approx({name: expected[name] for name in NAMES})
    assert values["class_accuracy"] == 0.75
