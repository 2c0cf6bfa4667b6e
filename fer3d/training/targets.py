"""Soft labels: the shares of the annotators' votes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fer3d.errors import UserError
from fer3d.files.manifest import VOTES, vote_shares


def vote_targets(frame: pd.DataFrame, labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """The share of the votes that each class has; the label alone where there are no votes.

    Args:
        frame: N rows of a manifest; ``votes`` holds (class, votes) pairs or null.
        labels: (N,) int64, indices of the classes.
        classes: C names.

    Returns:
        (N, C) float32; rows sum to 1.

    Raises:
        UserError: the manifest has no votes.

    Source: Barsoum et al. 2016, section 3.4 (cross entropy loss).
    """
    if VOTES not in frame or frame[VOTES].isna().all():
        raise UserError(
            "train.soft_labels is true, but the data set has no votes: see docs/data-sets.md"
        )
    shares = vote_shares(frame[VOTES], classes)
    alone = np.eye(len(classes), dtype=np.float32)[labels]
    return np.where(shares.any(axis=1, keepdims=True), shares, alone)
