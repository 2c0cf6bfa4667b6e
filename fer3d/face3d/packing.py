"""One packed folder computed from another, with columns added to its manifest."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.files.packed import read_manifest
from fer3d.machine.settings import Settings
from fer3d.rowwise.compute import compute_dataset as compute_rows
from fer3d.rowwise.producer import Arrays, Producer
from fer3d.rowwise.sources import PackedSource

Columns = Mapping[str, np.ndarray]


def stacked(rows: Sequence[Mapping[str, Any]]) -> Arrays:
    """The arrays of several rows, at least one, stacked by name."""
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def compute_dataset(
    producer: Producer,
    source: Path,
    out: Path,
    settings: Settings,
    columns: Callable[[Arrays], Columns],
) -> pd.DataFrame:
    """``rowwise.compute.compute_dataset`` for the rows of a packed folder.

    Args:
        source: packed folder with the producer's inputs; ``out`` gets its manifest, with columns
            added.
    """
    packed = PackedSource(source, producer.inputs)
    frame = read_manifest(source)
    return compute_rows(producer, packed, frame, out, settings, columns)
