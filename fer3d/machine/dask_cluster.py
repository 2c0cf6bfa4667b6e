"""A Dask cluster as an executor, for the ordered map.

A worker computes one task at a time, whatever its number of threads: networks and dlib are not
made for more. Start workers with one thread each (`dask worker --nthreads 1 --nworkers N`).

Workers open the same files as the session that sends them tasks, under the same paths, so the
checkout and the images lie on a file system that all of them mount; a worker that doesn't see it
ends the stage with a message. Results are small: what is large is written by the workers.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from fer3d.errors import UserError
from fer3d.machine.lifetimes import deaf_to_interrupts
from fer3d.machine.settings import Settings

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

CONNECT_SECONDS = 30  # for the scheduler's answer
PATIENCE_SECONDS = 300  # without any worker
_LOOK_SECONDS = 2  # between two looks at who is there


def connect(settings: Settings) -> "Client":
    """The cluster of the settings, or one of ``settings.workers`` processes on this machine.

    A process keeps its connection, and a cluster of its own, until it ends.

    Raises:
        UserError: Dask is not installed, or no scheduler answers.
    """
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "error")  # of workers started here too
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise UserError(
            "FER3D_PARALLEL is dask, and Dask is not installed: pip install -e '.[dask]'"
        ) from None
    client = _client(settings.dask, settings.workers)
    if client.status != "running":  # its cluster ended since
        _client.cache_clear()
        client = _client(settings.dask, settings.workers)
    return client


def count_workers(client: "Client") -> int:
    """Worker processes that are connected now."""
    return len(client.nthreads())


@contextmanager
def cluster(client: "Client") -> Iterator[tuple[Executor, Callable[[], int]]]:
    """An executor of a cluster's workers, and their number now; tasks that are left are cancelled.

    A task whose worker dies runs again on another, as often as the cluster's
    ``distributed.scheduler.allowed-failures`` allows.

    Raises:
        UserError: a task ended every worker that tried it, no worker is left, or the scheduler is
            gone.
    """
    from distributed import KilledWorker

    executor = client.get_executor(pure=False)
    try:
        yield executor, _Crew(client).size
    except KilledWorker as error:
        raise UserError(
            f"{error.allowed_failures + 1} Dask workers died over the same task, the last one was "
            f"{error.last_worker.address}: see its log, give workers more memory; what is in the "
            "object store is kept"
        ) from None
    except CancelledError:
        raise UserError(_LOST) from None
    finally:
        if client.status == "running":
            executor.shutdown(wait=False)


class _Crew:
    """How many workers there are, asked now and then."""

    def __init__(self, client: "Client"):
        self._client = client
        self._size = 0
        self._asked = -float("inf")
        self._seen = time.monotonic()

    def size(self) -> int:
        """Number of workers.

        Raises:
            UserError: none for ``PATIENCE_SECONDS``, or no scheduler.
        """
        now = time.monotonic()
        if now - self._asked > _LOOK_SECONDS:
            if self._client.status != "running":
                raise UserError(_LOST)
            try:
                self._size, self._asked = count_workers(self._client), now
            except OSError:
                raise UserError(_LOST) from None
            if self._size:
                self._seen = now
            elif now - self._seen > PATIENCE_SECONDS:
                raise UserError(
                    f"the Dask cluster has had no worker for {PATIENCE_SECONDS} s: start workers "
                    "and run `dvc repro` again; what is in the object store is kept"
                )
        return self._size


_LOST = (
    "the connection to the Dask scheduler is lost: start it and run `dvc repro` again; "
    "what is in the object store is kept"
)


@lru_cache(maxsize=1)
def _client(address: str | None, workers: int) -> "Client":
    from distributed import Client

    here = None if address else _local(workers)
    try:
        return Client(here or address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UserError(
            f"no Dask scheduler answers at {address} ({error}): start one, or correct FER3D_DASK"
        ) from None


def _local(workers: int) -> "LocalCluster":
    from distributed import LocalCluster

    with deaf_to_interrupts():
        return LocalCluster(
            n_workers=workers, threads_per_worker=1, memory_limit=None, dashboard_address=None
        )
