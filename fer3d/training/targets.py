"""Soft labels: the annotators' votes as probabilities of the classes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fer3d.errors import UserError

VOTES = "votes"  # column of the manifest


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
    codes = {name: code for code, name in enumerate(classes)}
    targets = np.eye(len(classes), dtype=np.float32)[labels]
    for row, votes in enumerate(frame[VOTES]):
        counts = np.zeros(len(classes), np.float32)
        for name, count in votes if votes is not None else ():
            if name in codes:
                counts[codes[name]] += count
        if counts.any():
            targets[row] = counts / counts.sum()
    return targets
