"""The data of one training step: some of the training images, optionally with several labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import StratifiedGroupKFold
from torch import Tensor

from fer3d.errors import UserError
from fer3d.files.manifest import people
from fer3d.splitting.together import inseparable
from fer3d.training.arrays import InputArrays
from fer3d.training.data import ExpressionData, ExpressionDataset


class AnnotatedDataset(ExpressionDataset):
    """Rows with the labels of two annotators: ``label`` of a batch is (B, 2)."""

    def __init__(
        self, arrays: InputArrays, rows: np.ndarray, classes: Sequence[str], machine: Tensor
    ) -> None:
        """
        Args:
            machine: (N,) int64, labels of the second annotator; the first ones are those of the
                data set.
        """
        super().__init__(arrays, rows, classes)
        self._labels = torch.stack([self._labels, machine], dim=1)

    @property
    def labels(self) -> Tensor:
        """(N,) int64, the labels of the data set."""
        return self._labels[:, 0]


class StepData(ExpressionData):
    """Batches of given training rows, and all validation rows."""

    def __init__(
        self, arrays: InputArrays, train: ExpressionDataset, classes: Sequence[str], **options: Any
    ):
        """
        Args:
            arrays: the data set.
            train: the training rows of the step.
            classes: of all training rows, including those not in ``train``.
            options: options of ``ExpressionData``.
        """
        super().__init__(arrays, **options)
        self.classes, self.train = tuple(classes), train


def groups(frame: pd.DataFrame) -> np.ndarray:
    """Images that may not be on both sides of a split within the training images.

    Args:
        frame: N rows of a manifest.

    Returns:
        (N,) int64, the same number for a person's images, a photo and its noisy copies, and near
        copies.
    """
    if "source_id" in frame:
        frame = frame.assign(id=frame["source_id"].fillna(frame["id"]))
    return inseparable(frame.assign(subject=people(frame).to_numpy()))


def check_folds(labels: Tensor, owners: np.ndarray, count: int) -> None:
    """Check that images are enough for a number of folds; arguments as of ``folds``.

    Raises:
        UserError: fewer groups, or fewer images of every class, than folds.
    """
    largest, found = int(labels.bincount(minlength=1).max()), len(set(owners))
    if min(largest, found) < count:
        raise UserError(
            f"this model divides its training images into {count} parts: it needs {count} images "
            f"of one class and {count} people or photos, got {largest} and {found}: add images"
        )


def folds(labels: Tensor, owners: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Positions in each fold, ascending; stratified by label, without dividing groups.

    Args:
        labels: (N,) int64.
        owners: (N,), see ``groups``.
        count: number of folds.

    Raises:
        UserError: fewer groups, or fewer images of every class, than folds.
    """
    check_folds(labels, owners, count)
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    return [part for _, part in splitter.split(np.zeros(len(labels)), labels.numpy(), owners)]
