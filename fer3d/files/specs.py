"""Shapes and dtypes of arrays by name; on its own, so that networks need no pandas."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Arrays = Mapping[str, np.ndarray]
"""Arrays by name; those of several rows have a leading dimension."""


@dataclass(frozen=True)
class Spec:
    """Shape of one row (without the leading N) and dtype of a packed array."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def nbytes(self) -> int:
        """Size of one row."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize
