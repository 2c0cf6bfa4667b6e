"""A Dask cluster as an executor, for the ordered map.

A worker computes one task at a time, whatever its number of threads, because networks are not
thread-safe. Start workers with one thread each (`dask worker --nthreads 1 --nworkers N`).

Workers open the same files as the main process, under the same paths, so checkout and images must
be on a file system that all of them mount; a worker without it ends the stage with an error. Large
results are written to files by the workers and not sent.
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

CONNECT_SECONDS = 30  # timeout of the connection to the scheduler
PATIENCE_SECONDS = 300  # longest time without any worker
_LOOK_SECONDS = 2  # interval at which the number of workers is read


def connect(settings: Settings) -> "Client":
    """Connect to the cluster of the settings, or start ``settings.workers`` processes here.

    Connection and local cluster are kept until the process ends.

    Raises:
        UserError: Dask is not installed, or no scheduler answers.
    """
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "error")  # also in local workers
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise UserError(
            "FER3D_PARALLEL is dask, but Dask is not installed: pip install -e '.[dask]'"
        ) from None
    client = _client(settings.dask, settings.workers)
    if client.status != "running":  # its cluster has ended
        _client.cache_clear()
        client = _client(settings.dask, settings.workers)
    return client


def count_workers(client: "Client") -> int:
    """Number of connected worker processes."""
    return len(client.nthreads())


@contextmanager
def cluster(client: "Client") -> Iterator[tuple[Executor, Callable[[], int]]]:
    """An executor of a cluster, and a function for its number of workers; cancels tasks at exit.

    A task whose worker dies is retried on another worker, as often as the cluster's
    ``distributed.scheduler.allowed-failures`` allows.

    Raises:
        UserError: a task killed too many workers, no worker is left, or the scheduler is gone.
    """
    from distributed import KilledWorker

    executor = client.get_executor(pure=False)
    try:
        yield executor, _Crew(client).size
    except KilledWorker as error:
        raise UserError(
            f"{error.allowed_failures + 1} Dask workers died on the same task, the last one was "
            f"{error.last_worker.address}: see its log, give workers more memory; results in the "
            "object store are kept"
        ) from None
    except CancelledError:
        raise UserError(_LOST) from None
    finally:
        if client.status == "running":
            executor.shutdown(wait=False)


class _Crew:
    """The number of workers, read at intervals."""

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
                    "and run `dvc repro` again; results in the object store are kept"
                )
        return self._size


_LOST = (
    "the connection to the Dask scheduler is lost: start it and run `dvc repro` again; "
    "results in the object store are kept"
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
