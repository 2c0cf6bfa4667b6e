"""The rows of one step of a training: some of the training images, labelled by several."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import StratifiedGroupKFold
from torch import Tensor

from fer3d.files.manifest import people
from fer3d.training.data import Arrays, ExpressionData, ExpressionDataset


class AnnotatedDataset(ExpressionDataset):
    """Rows with the labels of several annotators: ``label`` of a batch is (B, K), -1 for none."""

    def __init__(
        self, arrays: Arrays, rows: np.ndarray, classes: Sequence[str], machine: Tensor
    ) -> None:
        """
        Args:
            machine: (N,) int64, the second annotator's labels; the first are the set's own.
        """
        super().__init__(arrays, rows, classes)
        self._labels = torch.stack([self._labels, machine], dim=1)

    @property
    def labels(self) -> Tensor:
        """(N,) int64, the set's own."""
        return self._labels[:, 0]


class StepData(ExpressionData):
    """Batches of given training rows, and all validation rows."""

    def __init__(
        self, arrays: Arrays, train: ExpressionDataset, classes: Sequence[str], **options: int
    ):
        """
        Args:
            arrays: the set.
            train: its rows that are trained on.
            classes: of all training rows, whether ``train`` has them or not.
            options: of ``ExpressionData``.
        """
        super().__init__(arrays, **options)
        self.classes, self.train = tuple(classes), train


def groups(frame: pd.DataFrame) -> np.ndarray:
    """Whom or which photo rows show, (N,) str: subject, or image; noisy copies are with theirs.

    Args:
        frame: N rows of a manifest.
    """
    if "source_id" in frame:
        frame = frame.assign(id=frame["source_id"].fillna(frame["id"]))
    if "subject" not in frame:
        return frame["id"].to_numpy(dtype=str)
    return people(frame).to_numpy(dtype=str)


def folds(labels: Tensor, owners: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Positions of each fold, ascending; stratified by label, no group in two of them.

    Args:
        labels: (N,) int64.
        owners: (N,) str, see ``groups``.
        count: of folds.
    """
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    return [part for _, part in splitter.split(np.zeros(len(labels)), labels.numpy(), owners)]
