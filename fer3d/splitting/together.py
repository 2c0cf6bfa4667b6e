"""Images that must be in the same split: those of one subject, and near copies of each other."""

import numpy as np
import pandas as pd

from fer3d.files.components import first_in_component

GROUP = "near_group"


def known_subjects(frame: pd.DataFrame) -> bool:
    """Whether a subject is known of any image of a manifest."""
    return bool(frame["subject"].notna().any())


def has_near_copies(frame: pd.DataFrame) -> bool:
    """Whether any image of a manifest has a near copy."""
    return GROUP in frame and bool(frame[GROUP].notna().any())


def inseparable(frame: pd.DataFrame) -> np.ndarray:
    """The first row of the images that must be in the same split as each image.

    A near copy of an image of another subject joins the two subjects.

    Args:
        frame: N rows of a manifest with ``subject`` and optionally ``near_group``; null where
            unknown.

    Returns:
        (N,) int64.
    """
    rows = np.arange(len(frame))
    edges = [np.empty((0, 2), np.int64)]
    for name in ("subject", GROUP):
        if name in frame:
            known = frame[name].notna().to_numpy()
            first = pd.Series(rows[known]).groupby(frame[name][known].to_numpy()).transform("first")
            edges.append(np.column_stack([first.to_numpy(np.int64), rows[known]]))
    return first_in_component(np.concatenate(edges), len(frame))
