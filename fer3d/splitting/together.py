"""Which images no split may part: those of one subject, and near copies of each other."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

GROUP = "near_group"


def known_subjects(frame: pd.DataFrame) -> bool:
    """Whether a subject is known of any image of a manifest."""
    return bool(frame["subject"].notna().any())


def near_copies(frame: pd.DataFrame) -> bool:
    """Whether any image of a manifest has a near copy."""
    return GROUP in frame and bool(frame[GROUP].notna().any())


def inseparable(frame: pd.DataFrame) -> np.ndarray:
    """Images that belong together, directly or by others.

    A near copy of an image of another subject joins the two subjects.

    Args:
        frame: N rows of a manifest with ``subject`` and, perhaps, ``near_group``; null where
            unknown.

    Returns:
        (N,) int: the number of the first image that each belongs to.
    """
    rows = np.arange(len(frame))
    edges = [np.empty((0, 2), np.int64)]
    for name in ("subject", GROUP):
        if name in frame:
            known = frame[name].notna().to_numpy()
            first = pd.Series(rows[known]).groupby(frame[name][known].to_numpy()).transform("first")
            edges.append(np.column_stack([first.to_numpy(np.int64), rows[known]]))
    joined = np.concatenate(edges)
    graph = coo_array((np.ones(len(joined)), tuple(joined.T)), shape=(len(frame), len(frame)))
    labels = connected_components(graph, directed=False)[1]
    return np.unique(labels, return_index=True)[1][labels]
