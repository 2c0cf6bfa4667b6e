"""The ordered map on a Dask cluster.

A worker computes one task at a time, whatever its number of threads: networks and dlib are not
made for more. Start workers with one thread each (`dask worker --nthreads 1 --nworkers N`).

Workers open the same files as the session that sends them tasks, under the same paths, so the
checkout and the images lie on a file system that all of them mount; a worker that doesn't see it
ends the stage with a message. Results are small: what is large is written by the workers.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fer3d.errors import UserError
from fer3d.machine.lifetimes import deaf_to_interrupts
from fer3d.machine.settings import Settings
from fer3d.machine.threads import Result, Task, single_threaded

if TYPE_CHECKING:
    from distributed import Client, Future

IN_FLIGHT = 3  # tasks a worker: one computed, the others at hand when it is done
CONNECT_SECONDS = 30  # for the scheduler's answer
PATIENCE_SECONDS = 300  # without any worker
_POLL_SECONDS = 2  # between looks at who is there

_one_task = threading.Lock()  # a process, see above


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


def map_on_cluster(
    client: "Client", function: Callable[[Task], Result], tasks: Iterable[Task]
) -> Iterator[Result]:
    """Apply ``function`` to every task on the cluster's workers; results in the tasks' order.

    A task whose worker dies runs again on another, as often as the cluster's
    ``distributed.scheduler.allowed-failures`` allows. No more than ``IN_FLIGHT`` tasks a worker are
    sent at once.

    Raises:
        UserError: a task ended every worker that tried it, no worker is left, or the scheduler is
            gone.
    """
    from distributed import wait

    remaining = iter(tasks)
    waiting: deque[Future] = deque()
    crew = _Crew(client)
    try:
        while True:
            _send(client, function, remaining, waiting, IN_FLIGHT * max(1, crew.size()))
            if not waiting:
                return
            try:
                with client.as_current():
                    wait(waiting[0], timeout=_POLL_SECONDS)
            except TimeoutError:
                continue
            yield _result(waiting.popleft())
    finally:
        if waiting and client.status == "running":
            client.cancel(list(waiting))


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
        if now - self._asked > _POLL_SECONDS:
            if self._client.status != "running":
                raise UserError(_LOST)
            self._size, self._asked = count_workers(self._client), now
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
    from distributed import Client, LocalCluster

    if address is None:
        with deaf_to_interrupts():
            address = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=None,
                dashboard_address=None,
            )
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UserError(
            f"no Dask scheduler answers at {address} ({error}): start one, or correct FER3D_DASK"
        ) from None


def _send(
    client: "Client",
    function: Callable[[Task], Result],
    remaining: Iterator[Task],
    waiting: "deque[Future]",
    most: int,
) -> None:
    """Submit tasks until so many are under way."""
    for _ in range(most - len(waiting)):
        try:
            task = next(remaining)
        except StopIteration:
            return
        waiting.append(client.submit(_run, os.getcwd(), function, task, pure=False))


def _result(future: "Future") -> Result:
    from concurrent.futures import CancelledError

    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        raise UserError(
            f"{error.allowed_failures + 1} Dask workers died over the same task, the last one was "
            f"{error.last_worker.address}: see its log, give workers more memory; what is in the "
            "object store is kept"
        ) from None
    except CancelledError:
        raise UserError(_LOST) from None


def _run(folder: str, function: Callable[[Task], Result], task: Task) -> Result:
    """One task in a worker, in the folder that the paths of tasks start from."""
    with _one_task:
        before = os.getcwd()
        try:
            os.chdir(folder)
        except OSError as error:
            raise _unseen(folder, error) from None
        try:
            return single_threaded(function, task)
        finally:
            os.chdir(before)


def _unseen(folder: str, error: OSError) -> UserError:
    from distributed import get_worker

    return UserError(
        f"the Dask worker {get_worker().address} does not see {folder} ({error.strerror}): the "
        "checkout must lie on a file system that every worker mounts under the same path"
    )
