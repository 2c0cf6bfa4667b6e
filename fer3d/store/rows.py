"""Row-wise computing through the object store: only what is missing is computed.

A slow stage describes itself as a ``Producer``. ``map_rows`` looks each row up under its key,
computes the missing ones in batches, keeps them, and writes all rows to packed arrays.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fer3d.arrays import PackedWriter, Spec, open_arrays
from fer3d.errors import UserError
from fer3d.parallel import batches, map_ordered
from fer3d.settings import Settings
from fer3d.store.digests import sha256_arrays, sha256_json
from fer3d.store.objects import ObjectStore

Arrays = Mapping[str, np.ndarray]

BATCH_ROWS = 32  # rows a task; small enough for a smooth progress bar, large enough to batch


@dataclass(frozen=True)
class Producer:
    """A slow computation, row by row: what it is named and what its results depend on.

    Attributes:
        name: the stage.
        version: raised by one whenever results change for equal input.
        compute: batch of input rows, each (n, ...), to batch of output rows; row i of the output
            depends on row i of the input alone. Picklable.
        inputs: names of packed arrays, in the order in which they enter the key.
        outputs: what ``compute`` returns.
        parameters: JSON-able values that the result depends on.
        models: SHA-256 of each model file that is used, by name.
    """

    name: str
    version: int
    compute: Callable[[Arrays], Arrays]
    inputs: Sequence[str]
    outputs: Mapping[str, Spec]
    parameters: Mapping[str, Any]
    models: Mapping[str, str] = field(default_factory=dict)

    def identity(self) -> str:
        """Digest of everything but the input that a result depends on."""
        return sha256_json(
            {
                "name": self.name,
                "version": self.version,
                "parameters": dict(self.parameters),
                "models": dict(self.models),
                "outputs": {k: [s.shape, s.dtype] for k, s in self.outputs.items()},
            }
        )


@dataclass(frozen=True)
class Tally:
    """How many rows were computed and how many came from the store."""

    computed: int
    stored: int

    def __str__(self) -> str:
        return f"computed {self.computed}, from store {self.stored}"


@dataclass(frozen=True)
class _Task:
    """What a worker process is told: where the input is, not the input itself."""

    producer: Producer
    source: Path
    rows: range
    store: ObjectStore | None


def map_rows(producer: Producer, sources: Path, packed: PackedWriter, settings: Settings) -> Tally:
    """Compute every row of a packed folder and write the results to ``packed``.

    Args:
        producer: what to compute; its outputs are the arrays declared by ``packed``.
        sources: packed folder that holds the producer's input arrays.
        packed: writer, already entered, for as many rows.
        settings: workers and object store.

    Returns:
        How many rows were computed; it depends on the store, the written bytes do not.
    """
    count = len(next(iter(open_arrays(sources, *producer.inputs).values())))
    store = open_store(settings)
    tasks = [_Task(producer, sources, rows, store) for rows in batches(count, BATCH_ROWS)]
    results = map_ordered(
        _run,
        tasks,
        workers=settings.workers,
        description=producer.name,
        weights=[len(task.rows) for task in tasks],
    )
    computed = 0
    for task, (new, result) in zip(tasks, results, strict=True):
        packed.write(task.rows.start, result)
        computed += new
    return Tally(computed, count - computed)


def open_store(settings: Settings) -> ObjectStore | None:
    """The object store of the settings, or None where it is switched off."""
    if settings.store == "none":
        return None
    root = Path(settings.store).absolute()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"the object store {root} cannot be made ({error.strerror}): "
            "set FER3D_STORE to a folder that you may write to, or to none"
        ) from None
    return ObjectStore(root)


def _run(task: _Task) -> tuple[int, Arrays]:
    """Look a batch of rows up, compute what is missing, keep it; in a worker process."""
    producer = task.producer
    inputs = open_arrays(task.source, *producer.inputs)
    batch = {
        name: np.array(inputs[name][task.rows.start : task.rows.stop]) for name in producer.inputs
    }
    if task.store is None:
        return len(task.rows), producer.compute(batch)
    identity = producer.identity()
    keys = [
        sha256_arrays(identity, [batch[name][i] for name in producer.inputs])
        for i in range(len(task.rows))
    ]
    found = task.store.read_many(keys)
    missing = [i for i, arrays in enumerate(found) if arrays is None]
    if missing:
        fresh = producer.compute({name: values[missing] for name, values in batch.items()})
        for j, i in enumerate(missing):
            found[i] = {name: np.array(fresh[name][j]) for name in producer.outputs}
            task.store.write(keys[i], f"{producer.name} {producer.version}", found[i])
    return len(missing), {name: np.stack([row[name] for row in found]) for name in producer.outputs}
