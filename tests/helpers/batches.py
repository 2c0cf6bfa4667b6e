"""Batches of the slow stages: packed as an earlier stage would, and computed row by row."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Spec
from fer3d.reconstruction.params import ReconstructParams
from fer3d.rowwise.producer import Producer

FACEMESH = ReconstructParams(
    backend="facemesh",
    landmarks="facemesh",
    subdivisions=2,
    fit="rigid",
    visibility="raycast",
    min_presence=0.5,
)


def write_batch(folder: Path, batch: dict[str, np.ndarray], **columns: list) -> None:
    """Write a packed folder with a manifest of the ids a, b, c, ...

    Args:
        folder: to write.
        batch: arrays (N, ...) by name.
        columns: further columns of the manifest.
    """
    count = len(next(iter(batch.values())))
    ids = [chr(ord("a") + row) for row in range(count)]
    frame = pd.DataFrame({"id": ids, "path": ids, "label": "x", "sha1": "0" * 40})
    specs = {name: Spec(values.shape[1:], values.dtype.name) for name, values in batch.items()}
    with PackedWriter(folder, count, specs) as packed:
        packed.write(0, batch)
        packed.finish(frame.assign(width=100, height=100, **columns))


def assert_alone_alike(
    producer: Producer,
    batch: dict[str, np.ndarray],
    result: dict[str, np.ndarray],
    rows: Iterable[int],
) -> None:
    """Each row computed alone has the bytes that it has in the result of the batch."""
    for row in rows:
        alone = producer.compute({name: values[row : row + 1] for name, values in batch.items()})
        for name, values in alone.items():
            assert values[0].tobytes() == result[name][row].tobytes(), name
