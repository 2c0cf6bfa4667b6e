"""Row-wise computation with the object store as a cache: only missing rows are computed.

A slow stage describes its computation as a ``Producer`` and its input as a ``RowSource``.
``map_rows`` looks up the key of every row in the store, computes missing rows in batches, stores
them, and writes all rows to packed arrays. Worker processes read rows and write results
themselves, so that no arrays are sent between processes and memory does not grow with the number
of rows.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fer3d.errors import UserError
from fer3d.files.digests import sha256_arrays
from fer3d.files.packed import RowFiles
from fer3d.files.specs import Arrays, Spec
from fer3d.machine.ordered_map import map_ordered, workers
from fer3d.machine.settings import Settings
from fer3d.rowwise.producer import Producer
from fer3d.rowwise.sources import Batch, RowPart, RowSource
from fer3d.rowwise.versions import code_digest, versions
from fer3d.store.objects import ObjectStore, open_store

LOOKUP_ROWS = 256  # largest number of rows per lookup
LOOKUP_BYTES = 1 << 24  # largest size of the results of a lookup; bounds a worker's memory
TASKS_PER_WORKER = 4  # at least, so that every worker gets some of a small number of rows
# Batches that the store fails before a run goes on without it. A failing URL is left alone for a
# while anyway (store/remote.py); a slow URL or a folder is tried again with every batch until then.
TROUBLES = 3


@dataclass(frozen=True)
class Tally:
    """How many rows came from the store, and how many were computed.

    Attributes:
        computed: number of computed rows.
        stored: number of rows read from the store.
        damaged: paths of damaged objects, which were set aside and computed again.
        unshared: number of computed rows that could not be written to the store.
        trouble: the store's first error, if any.
    """

    computed: int
    stored: int
    damaged: tuple[str, ...] = ()
    unshared: int = 0
    trouble: str | None = None

    def __str__(self) -> str:
        text = f"computed {self.computed}, from store {self.stored}"
        if self.damaged:
            text += f"; damaged objects computed again: {len(self.damaged)}"
        if self.unshared:
            text += f"; not shared: {self.unshared}"
        return text + (f" ({self.trouble})" if self.trouble else "")


@dataclass(frozen=True)
class _Job:
    """Common data of all tasks of a run; small, because it is sent with each task."""

    producer: Producer
    identity: str
    libraries: Mapping[str, str]
    code: str  # of fer3d, see ``code_digest``; "" if the workers start with the run
    files: RowFiles


@dataclass(frozen=True)
class _Task:
    """A task of a worker process: row numbers, not their data."""

    job: _Job
    part: RowPart
    rows: np.ndarray
    store: ObjectStore | None


@dataclass(frozen=True)
class _Found:
    """Result of a lookup: rows that are not in the store, and the store's error, if any."""

    missing: np.ndarray
    damaged: tuple[str, ...]
    trouble: str | None


@dataclass
class _Store:
    """The errors of the store during a run."""

    store: ObjectStore | None
    troubles: int = 0
    trouble: str | None = None

    def note(self, trouble: str | None) -> None:
        if trouble is not None:
            self.troubles += 1
            self.trouble = self.trouble or trouble

    def worth_asking(self) -> ObjectStore | None:
        return self.store if self.troubles < TROUBLES else None


def map_rows(producer: Producer, source: RowSource, files: RowFiles, settings: Settings) -> Tally:
    """Write the result of every row of a source, from the store or computed.

    Args:
        producer: the computation; its outputs are the arrays of ``files``.
        source: as many rows as ``files``.
        files: arrays to write.
        settings: workers and object store.

    Returns:
        How many rows were computed. Unlike the written bytes it depends on the store's content.
    """
    store = open_store(settings.store)
    code = code_digest() if settings.parallel == "dask" else ""
    job = _Job(producer, producer.identity(), versions(producer.libraries), code, files)
    missing, damaged, reading = _look_up(job, source, store, settings)
    unshared, writing = _compute(job, source, missing, store, settings)
    stored = len(source) - len(missing)
    return Tally(len(missing), stored, damaged, unshared, writing or reading)


def _look_up(
    job: _Job, source: RowSource, store: ObjectStore | None, settings: Settings
) -> tuple[np.ndarray, tuple[str, ...], str | None]:
    """Write the rows that the store has.

    Returns:
        The other rows, paths of damaged objects, the store's error or None.
    """
    rows, seen = np.arange(len(source)), _Store(store)
    if store is None:
        return rows, (), None
    size = sum(spec.nbytes for spec in job.producer.outputs.values())
    most = min(LOOKUP_ROWS, max(1, LOOKUP_BYTES // size))
    groups = source.groups(rows, _shared_out(len(rows), most, settings))
    results = map_ordered(
        _find,
        (_Task(job, source.part(group), group, seen.worth_asking()) for group in groups),
        settings=settings,
        description=f"{job.producer.name}, store",
        weights=[len(group) for group in groups],
    )
    missing, damaged = [rows[:0]], list[str]()
    for found in results:
        missing.append(found.missing)
        damaged.extend(found.damaged)
        seen.note(found.trouble)
    return np.sort(np.concatenate(missing)), tuple(damaged), seen.trouble


def _compute(
    job: _Job,
    source: RowSource,
    rows: np.ndarray,
    store: ObjectStore | None,
    settings: Settings,
) -> tuple[int, str | None]:
    """Compute rows and write them to files and store.

    Returns:
        How many rows the store could not take, and its error or None.
    """
    if not len(rows):
        return 0, None
    seen, unshared = _Store(store), 0
    most = _shared_out(len(rows), job.producer.batch_rows, settings)
    groups = source.groups(rows, most)
    results = map_ordered(
        _make,
        (_Task(job, source.part(group), group, seen.worth_asking()) for group in groups),
        settings=settings,
        description=job.producer.name,
        weights=[len(group) for group in groups],
    )
    for group, (kept, trouble) in zip(groups, results, strict=True):
        unshared += len(group) - kept
        seen.note(trouble)
    return (unshared if store is not None else 0), seen.trouble


def _shared_out(rows: int, most: int, settings: Settings) -> int:
    """Number of rows per task, so that every worker gets some."""
    return max(1, min(most, -(-rows // (TASKS_PER_WORKER * workers(settings)))))


def _find(task: _Task) -> _Found:
    """Look up rows and write those found; runs in a worker process."""
    job, store = task.job, task.store
    if store is None:
        return _Found(task.rows, (), None)
    outputs = job.producer.outputs
    found = store.read_many(_keys(job.producer, job.identity, task.part.read()))
    there = {i: a for i, a in enumerate(found.arrays) if a is not None and _fits(a, outputs)}
    if there:
        stacked = {name: np.stack([a[name] for a in there.values()]) for name in outputs}
        job.files.write(task.rows[list(there)], stacked)
    return _Found(np.delete(task.rows, list(there)), found.damaged, found.trouble)


def _make(task: _Task) -> tuple[int, str | None]:
    """Compute rows and write them to files and store; runs in a worker process.

    Returns:
        How many rows the store has taken, and the error if not all.
    """
    job, producer = task.job, task.job.producer
    _check_versions(job)
    batch = task.part.read()
    results = producer.compute(batch)
    job.files.write(task.rows, results)
    if task.store is None:
        return 0, None
    made = {
        key: {name: results[name][i] for name in producer.outputs}
        for i, key in enumerate(_keys(producer, job.identity, batch))
    }
    written = task.store.write_many(f"{producer.name} {producer.version}", made)
    kept = len(task.rows) if written.count == len(made) else written.count
    return kept, written.trouble


def _keys(producer: Producer, identity: str, batch: Batch) -> list[str]:
    rows = zip(*(batch[name] for name in producer.inputs), strict=True)
    return [sha256_arrays(identity, row) for row in rows]


def _fits(arrays: Arrays, outputs: Mapping[str, Spec]) -> bool:
    """Whether an object has the names, shapes and dtypes of the producer's outputs."""
    return arrays.keys() == outputs.keys() and all(
        arrays[name].shape == spec.shape and arrays[name].dtype == np.dtype(spec.dtype)
        for name, spec in outputs.items()
    )


def _check_versions(job: _Job) -> None:
    """Raise if a worker has other libraries than the keys name, or other code than this session."""
    if job.code and job.code != code_digest():
        raise UserError(
            f"a worker on {platform.node()} runs another version of fer3d than this session: "
            "restart the workers, which keep the code that they started with"
        )
    here = versions(job.producer.libraries)
    for name, version in job.libraries.items():
        if here[name] != version:
            raise UserError(
                f"a worker on {platform.node()} has {name} {here[name] or 'not'}, this session has "
                f"{version}: install the same versions (constraints.txt) on all machines"
            )
