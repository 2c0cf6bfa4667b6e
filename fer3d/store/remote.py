"""A store's files behind any URL of fsspec; made for S3, where a request takes its time.

Requests of one batch run side by side, at most ``CONCURRENCY`` of them. S3 keeps an object whole
or not at all, so readers never see half of one, and of two writers of a name the last one wins.

What is known of a place that does not answer: every request has a time limit, and after the first
failure of a batch its other requests are not made. Then the store is left alone for
``PAUSE_SECONDS``, separately for reading and for writing: a run computes what it could have read,
instead of waiting for each of a thousand batches.

Credentials, region and endpoint are those that s3fs and botocore document: ``AWS_PROFILE``,
``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL`` and so on, or ``~/.aws``.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import fsspec
from fsspec.asyn import sync

from fer3d.store.files import Entry

CONCURRENCY = 64  # requests of one process at a time
PAUSE_SECONDS = 300  # without a request after one that failed
BATCH_SECONDS = 30  # for all requests of one call
CONNECT_SECONDS = 5
ANSWER_SECONDS = 10
ATTEMPTS = 2  # of each request, made by botocore; it waits in between

_READ, _WRITE = "read", "write"
_MODIFIED = ("LastModified", "mtime", "last_modified", "updated", "created")

Call = Callable[..., Coroutine[Any, Any, Any]]


class RemoteFiles:
    """Files behind a URL, as one process reaches them.

    Attributes:
        root: the URL.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        protocol = root.partition("://")[0]
        self._fs, self._prefix = fsspec.core.url_to_fs(root, **_options(protocol))
        if protocol in ("s3", "s3a"):
            self._fs.retries = ATTEMPTS  # of the whole request, its answer's body included
        self._failures: dict[str, tuple[Exception, float]] = {}

    def address(self, name: str) -> str:
        return f"{self.root}/{name}"

    def read(
        self, names: Sequence[str], limit: int | None = None
    ) -> list[bytes | Exception | None]:
        span = {} if limit is None else {"start": 0, "end": limit}
        found = self._many("cat_file", _READ, [(self._path(name),) for name in names], **span)
        return [None if isinstance(data, FileNotFoundError) else data for data in found]

    def write(self, blobs: Mapping[str, bytes]) -> list[Exception | None]:
        if self._fs.async_impl:
            tasks = [(self._path(name), data) for name, data in blobs.items()]
            return _errors(self._many("pipe_file", _WRITE, tasks))
        return [self._write_whole(self._path(name), data) for name, data in blobs.items()]

    def set_aside(self, blobs: Mapping[str, bytes], suffix: str) -> list[Exception | None]:
        """Copies under other names, then removals, as S3 renames nothing."""
        now = self.read(list(blobs))
        names = [name for name, data in zip(blobs, now, strict=True) if data == blobs[name]]
        copied = self.write({name + suffix: blobs[name] for name in names})
        safe = [name for name, error in zip(names, copied, strict=True) if error is None]
        removed = dict(zip(safe, self.remove(safe), strict=True))
        failed = dict(zip(names, copied, strict=True)) | removed
        return [failed.get(name) for name in blobs]

    def remove(self, names: Sequence[str]) -> list[Exception | None]:
        results = _errors(self._many("rm_file", _WRITE, [(self._path(name),) for name in names]))
        return [None if isinstance(error, FileNotFoundError) else error for error in results]

    def folders(self) -> list[str]:
        found = self._list(self._prefix)
        return sorted(_last(info["name"]) for info in found if info["type"] == "directory")

    def entries(self, folder: str) -> Iterator[Entry]:
        for info in self._list(self._path(folder)):
            if info["type"] == "file":
                yield Entry(f"{folder}/{_last(info['name'])}", info["size"], _modified(info))

    def _path(self, name: str) -> str:
        return f"{self._prefix.rstrip('/')}/{name}"

    def _list(self, path: str) -> list[dict[str, Any]]:
        self._fs.invalidate_cache(path)
        found = self._many("ls", _READ, [(path,)], detail=True)[0]
        if isinstance(found, FileNotFoundError):
            return []
        if isinstance(found, Exception):
            raise OSError(f"{self.root} cannot be listed ({found})") from found
        return found

    def _many(
        self, method: str, kind: str, tasks: Sequence[tuple[Any, ...]], **options: Any
    ) -> list[Any]:
        """The result of a method of the file system, or the exception, for each task's arguments.

        Args:
            kind: what is paused after a failure.
        """
        failure, until = self._failures.get(kind, (None, 0.0))
        if failure is not None and time.monotonic() < until:
            return [failure] * len(tasks)
        if self._fs.async_impl:
            results = self._side_by_side(getattr(self._fs, f"_{method}"), tasks, options)
        else:
            call = getattr(self._fs, method)
            results = [_attempt(call, task, options) for task in tasks]
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, FileNotFoundError):
                self._failures[kind] = (result, time.monotonic() + PAUSE_SECONDS)
                break
        return results

    def _side_by_side(
        self, call: Call, tasks: Sequence[tuple[Any, ...]], options: Mapping[str, Any]
    ) -> list[Any]:
        try:
            return sync(self._fs.loop, _gather, call, tasks, options, timeout=BATCH_SECONDS)
        except TimeoutError as error:
            return [error] * len(tasks)

    def _write_whole(self, path: str, data: bytes) -> Exception | None:
        """Write under another name, then rename: not every file system writes in one step."""
        temporary = f"{path}.{secrets.token_hex(8)}.tmp"
        folder = path.rpartition("/")[0]
        for method, *task in (
            ("makedirs", folder, True),
            ("pipe_file", temporary, data),
            ("mv", temporary, path),
        ):
            (result,) = self._many(method, _WRITE, [tuple(task)])
            if isinstance(result, Exception):
                return result
        return None


async def _gather(
    call: Call, tasks: Sequence[tuple[Any, ...]], options: Mapping[str, Any]
) -> list[Any]:
    """Await a call for each task; after a failure the calls not yet begun fail alike."""
    gate = asyncio.Semaphore(CONCURRENCY)
    failures: list[Exception] = []

    async def one(task: tuple[Any, ...]) -> Any:
        async with gate:
            if failures:
                raise failures[0]
            return await call(*task, **options)

    def note(done: asyncio.Task) -> None:
        error = None if done.cancelled() else done.exception()
        if isinstance(error, Exception) and not isinstance(error, FileNotFoundError):
            failures.append(error)

    running = [asyncio.ensure_future(one(task)) for task in tasks]
    for task in running:
        task.add_done_callback(note)
    return await asyncio.gather(*running, return_exceptions=True)


def _attempt(call: Callable[..., Any], task: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    try:
        return call(*task, **options)
    except OSError as error:
        return error


def _errors(results: Sequence[Any]) -> list[Exception | None]:
    return [result if isinstance(result, Exception) else None for result in results]


def _options(protocol: str) -> dict[str, Any]:
    """What the file system is told; nothing that the user's environment may want to say."""
    if protocol not in ("s3", "s3a"):
        return {}
    config = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": ANSWER_SECONDS,
        "retries": {"total_max_attempts": ATTEMPTS, "mode": "standard"},
        "max_pool_connections": CONCURRENCY,
    }
    # with more than one request an object, s3fs asks for its size first
    return {"config_kwargs": config, "max_concurrency": 1, "use_listings_cache": False}


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]


def _modified(info: Mapping[str, Any]) -> float:
    """When a file was written, seconds since 1970; now where the file system does not say."""
    value = next((info[name] for name in _MODIFIED if info.get(name) is not None), None)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.timestamp()
    return time.time() if value is None else float(value)
