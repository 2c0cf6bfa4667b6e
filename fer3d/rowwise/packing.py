"""The results of a row-wise computation as a packed folder with its manifest."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.files.packed import PackedWriter, read_manifest
from fer3d.files.specs import Arrays
from fer3d.machine.settings import Settings
from fer3d.rowwise.compute import map_rows
from fer3d.rowwise.producer import Producer
from fer3d.rowwise.sources import PackedSource, RowSource

Columns = Mapping[str, np.ndarray]


def compute_dataset(
    producer: Producer,
    columns: Callable[[Arrays], Columns],
    source: RowSource,
    frame: pd.DataFrame,
    out: Path,
    settings: Settings,
) -> pd.DataFrame:
    """Compute every row of a source and write the results as a packed folder.

    Args:
        producer: the computation; its outputs except ``scratch`` become the arrays of ``out``.
        columns: maps the outputs (N, ...) to the additional columns, N values each.
        source: the input rows, in the order of ``frame``.
        frame: manifest of the rows.
        out: packed folder to write; its manifest is ``frame`` with additional columns.
        settings: workers and object store.

    Returns:
        The manifest that was written.
    """
    with PackedWriter(out, len(frame), producer.outputs, producer.scratch) as packed:
        compute_rows(producer, source, packed, settings)
        frame = frame.assign(**columns(packed.arrays))
        packed.finish(frame)
    return frame


def compute_rows(
    producer: Producer, source: RowSource, packed: PackedWriter, settings: Settings
) -> None:
    """Compute every row of a source into a packed folder that is being written; log how many."""
    tally = map_rows(producer, source, packed.files, settings)
    log = logging.getLogger(__name__)
    for path in tally.damaged:
        log.warning("%s: damaged, set aside: %s", producer.name, path)
    log.info("%s: %s", producer.name, tally)


def compute_packed(
    producer: Producer,
    columns: Callable[[Arrays], Columns],
    source: Path,
    out: Path,
    settings: Settings,
) -> pd.DataFrame:
    """``compute_dataset`` for the rows of a packed folder.

    Args:
        source: packed folder with the producer's inputs; ``out`` gets its manifest with additional
            columns.
    """
    rows = PackedSource(source, producer.inputs)
    return compute_dataset(producer, columns, rows, read_manifest(source), out, settings)


def stacked(rows: Sequence[Mapping[str, Any]]) -> Arrays:
    """Stack the arrays of one or more rows, by name."""
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}
