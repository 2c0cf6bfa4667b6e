"""Row-wise computing through the object store: only what is missing is computed.

A slow stage describes itself as a ``Producer`` and says where its rows come from. ``map_rows``
looks every row up under its key, computes the missing ones in batches, keeps them, and has every
row written to packed arrays. Worker processes read the rows and write the results themselves, so
nothing large travels and memory does not grow with the number of rows.
"""

import logging
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer3d.errors import UserError
from fer3d.files.digests import sha256_arrays
from fer3d.files.packed import PackedWriter, RowFiles, Spec, read_manifest
from fer3d.machine.ordered_map import map_ordered, workers
from fer3d.machine.settings import Settings
from fer3d.rowwise.producer import Arrays, Producer
from fer3d.rowwise.sources import Batch, PackedSource, Part, RowSource
from fer3d.rowwise.versions import versions
from fer3d.store.objects import ObjectStore, open_store

Columns = Mapping[str, np.ndarray]

LOOKUP_ROWS = 256  # rows looked up at once, at most
LOOKUP_BYTES = 1 << 24  # of results looked up at once, which bounds a worker's memory
TASKS_PER_WORKER = 4  # at least, so that few rows are shared out too
# Batches that the store fails before a run goes on without it. A failing URL is left alone for a
# while anyway (store/remote.py); a slow URL or a folder is tried again with every batch until then.
TROUBLES = 3


@dataclass(frozen=True)
class Tally:
    """What the store was good for.

    Attributes:
        computed: rows.
        stored: rows that came from the store.
        damaged: paths of objects that were set aside, and computed again.
        unshared: computed rows that the store did not take.
        trouble: what was wrong with the store, if anything.
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
    """What every task of a run has in common; small, for each task carries it."""

    producer: Producer
    identity: str
    libraries: Mapping[str, str]
    files: RowFiles


@dataclass(frozen=True)
class _Task:
    """What a worker process is told: which rows, not what they hold."""

    job: _Job
    part: Part
    rows: np.ndarray
    store: ObjectStore | None


@dataclass(frozen=True)
class _Found:
    """What a lookup tells: rows that are not in the store, and what was wrong with it."""

    missing: np.ndarray
    damaged: tuple[str, ...]
    trouble: str | None


@dataclass
class _Store:
    """What a run has seen of its store."""

    store: ObjectStore | None
    troubles: int = 0
    trouble: str | None = None

    def note(self, trouble: str | None) -> None:
        if trouble is not None:
            self.troubles += 1
            self.trouble = self.trouble or trouble

    def worth_asking(self) -> ObjectStore | None:
        return self.store if self.troubles < TROUBLES else None


def compute_dataset(
    producer: Producer,
    source: RowSource,
    frame: pd.DataFrame,
    out: Path,
    settings: Settings,
    columns: Callable[[Arrays], Columns],
) -> pd.DataFrame:
    """Compute every row of a source and write the results as a packed folder.

    Args:
        producer: what to compute; its outputs, but for ``scratch``, become the arrays of ``out``.
        source: the rows, in the order of ``frame``.
        frame: manifest of the rows.
        out: packed folder to write; its manifest is ``frame`` with columns added.
        settings: workers and object store.
        columns: the outputs (N, ...) to columns of N values for the manifest.

    Returns:
        The manifest that was written.
    """
    with PackedWriter(out, len(frame), producer.outputs, producer.scratch) as packed:
        tally = map_rows(producer, source, packed.files, settings)
        frame = frame.assign(**columns(packed.arrays))
        packed.finish(frame)
    log = logging.getLogger(__name__)
    for path in tally.damaged:
        log.warning("%s: damaged, set aside: %s", producer.name, path)
    log.info("%s: %s", producer.name, tally)
    return frame


def compute_packed(
    producer: Producer,
    source: Path,
    out: Path,
    settings: Settings,
    columns: Callable[[Arrays], Columns],
) -> pd.DataFrame:
    """``compute_dataset`` for the rows of a packed folder.

    Args:
        source: packed folder with the producer's inputs; ``out`` gets its manifest, with columns
            added.
    """
    rows = PackedSource(source, producer.inputs)
    return compute_dataset(producer, rows, read_manifest(source), out, settings, columns)


def stacked(rows: Sequence[Mapping[str, Any]]) -> Arrays:
    """The arrays of several rows, at least one, stacked by name."""
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def map_rows(producer: Producer, source: RowSource, files: RowFiles, settings: Settings) -> Tally:
    """Have every row of a source computed, or taken from the store, and written.

    Args:
        producer: what to compute; its outputs are those that ``files`` declares.
        source: as many rows.
        files: where results are written.
        settings: workers and object store.

    Returns:
        How many rows were computed; it depends on the store, the written bytes do not.
    """
    store = open_store(settings.store)
    job = _Job(producer, producer.identity(), versions(producer.libraries), files)
    missing, damaged, reading = _look_up(job, source, store, settings)
    unshared, writing = _compute(job, source, missing, store, settings)
    stored = len(source) - len(missing)
    return Tally(len(missing), stored, damaged, unshared, writing or reading)


def _look_up(
    job: _Job, source: RowSource, store: ObjectStore | None, settings: Settings
) -> tuple[np.ndarray, tuple[str, ...], str | None]:
    """Write what the store has: the other rows, paths of damaged objects, trouble if any."""
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
    """Compute rows, write and keep them: how many the store did not take, and why."""
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
    """Rows a task, so that every worker gets some."""
    return max(1, min(most, -(-rows // (TASKS_PER_WORKER * workers(settings)))))


def _find(task: _Task) -> _Found:
    """Look rows up and write those that are there; in a worker process."""
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
    """Compute rows, write them, keep them in the store; in a worker process.

    Returns:
        How many rows are in the store now, and why not all of them.
    """
    job, producer = task.job, task.job.producer
    _check_libraries(job)
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
    """Whether an object holds what the producer makes."""
    return arrays.keys() == outputs.keys() and all(
        arrays[name].shape == spec.shape and arrays[name].dtype == np.dtype(spec.dtype)
        for name, spec in outputs.items()
    )


def _check_libraries(job: _Job) -> None:
    """A worker on another machine computes with the libraries that its results' keys name."""
    here = versions(job.producer.libraries)
    for name, version in job.libraries.items():
        if here[name] != version:
            raise UserError(
                f"a worker on {platform.node()} has {name} {here[name] or 'not'}, this session has "
                f"{version}: install the same versions (constraints.txt) on all machines"
            )
