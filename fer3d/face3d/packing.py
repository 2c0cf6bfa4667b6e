"""One packed folder computed from another, with columns added to its manifest."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.files.packed import read_manifest
from fer3d.machine.settings import Settings
from fer3d.rowwise.compute import compute_dataset as compute_rows
from fer3d.rowwise.producer import Arrays, Producer
from fer3d.rowwise.sources import PackedSource

Columns = Mapping[str, np.ndarray]


def by_row(
    compute_row: Callable[..., Mapping[str, np.ndarray]], batch: Arrays, inputs: Sequence[str]
) -> Arrays:
    """A batch computed row by row: ``compute_row`` of each row's inputs, stacked by name."""
    rows = [compute_row(*row) for row in zip(*(batch[name] for name in inputs), strict=True)]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def compute_dataset(
    producer: Producer,
    source: Path,
    out: Path,
    settings: Settings,
    columns: Callable[[Arrays], Columns],
) -> pd.DataFrame:
    """``store.rows.compute_dataset`` for the rows of a packed folder.

    Args:
        source: packed folder with the producer's inputs; ``out`` gets its manifest, with columns
            added.
    """
    packed = PackedSource(source, producer.inputs)
    frame = read_manifest(source)
    return compute_rows(producer, packed, frame, out, settings, columns)
