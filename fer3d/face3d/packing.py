"""One packed folder computed from another, with columns added to its manifest."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.arrays import PackedWriter, read_manifest
from fer3d.settings import Settings
from fer3d.store.rows import Arrays, Producer, map_rows

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
    """Compute every row of a packed folder and write the results as another.

    Args:
        producer: what to compute; its outputs become the arrays of ``out``.
        source: packed folder with the producer's inputs.
        out: packed folder to write; its manifest is that of ``source`` with columns added.
        settings: workers and object store.
        columns: the outputs (N, ...) to columns of N values for the manifest.

    Returns:
        The manifest that was written.
    """
    frame = read_manifest(source)
    with PackedWriter(out, len(frame), producer.outputs) as packed:
        tally = map_rows(producer, source, packed, settings)
        frame = frame.assign(**columns(packed.arrays))
        packed.finish(frame)
    logging.getLogger(__name__).info("%s: %s", producer.name, tally)
    return frame
