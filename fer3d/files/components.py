"""Connected components of the rows of a manifest."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def first_in_component(pairs: np.ndarray, count: int) -> np.ndarray:
    """The first row of each row's connected component.

    Args:
        pairs: (P, 2) int64 rows that are connected.
        count: number of rows, N.

    Returns:
        (N,) int64; a row without a pair is its own component.
    """
    edges = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(count, count))
    labels = connected_components(edges, directed=False)[1]
    _, first = np.unique(labels, return_index=True)
    return first[labels]
