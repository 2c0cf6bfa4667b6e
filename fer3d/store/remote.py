"""A store's files behind any URL of fsspec, made for S3, where each request is slow.

The requests of a batch run concurrently, at most ``CONCURRENCY`` at a time. S3 writes objects
atomically; of two writers of one name, the last one wins.

If the store does not answer: every request has a time limit, and after the first failure of a batch
its remaining requests are not sent. Then no request is sent for ``PAUSE_SECONDS``, separately for
reading and writing: the run computes its results instead of waiting for a timeout in each of a
thousand batches. A store that is only slow is not paused: what it returned within ``BATCH_SECONDS``
is used, the other requests of the batch are cancelled.

Credentials, region and endpoint are those that s3fs and botocore document: ``AWS_PROFILE``,
``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL`` and so on, or ``~/.aws``.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any, TypeGuard

from fsspec import AbstractFileSystem
from fsspec.asyn import sync
from fsspec.core import url_to_fs

from fer3d.store.places import StoredFile

CONCURRENCY = 64  # concurrent requests of one process
PAUSE_SECONDS = 300  # without requests after a failure
BATCH_SECONDS = 30  # for all requests of one call
CONNECT_SECONDS = 5
ANSWER_SECONDS = 10
ATTEMPTS = 2  # of each request, by botocore, which waits in between

S3 = ("s3", "s3a")
NO_BUCKET = "bucket does not exist"  # in S3's error, which fsspec gives as a missing file
_READ, _WRITE = "read", "write"
_MODIFIED = ("LastModified", "mtime", "last_modified", "updated", "created")

Call = Callable[..., Coroutine[Any, Any, Any]]


class RemoteFiles:
    """Files behind a URL, for use in one process.

    Attributes:
        root: the URL.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._protocol = root.partition("://")[0]
        self._failures: dict[str, tuple[Exception, float]] = {}

    def address(self, name: str) -> str:
        return f"{self.root}/{name}"

    def read(
        self, names: Sequence[str], limit: int | None = None
    ) -> list[bytes | Exception | None]:
        span = {} if limit is None else {"start": 0, "end": limit}
        found = self._many("cat_file", _READ, [(name,) for name in names], **span)
        return [None if isinstance(data, FileNotFoundError) else data for data in found]

    def write(self, blobs: Mapping[str, bytes]) -> list[Exception | None]:
        return _errors(self._many("pipe_file", _WRITE, list(blobs.items())))

    def set_aside(self, blobs: Mapping[str, bytes], suffix: str) -> list[Exception | None]:
        """Copy under the new name, then remove, because S3 cannot rename."""
        now = self.read(list(blobs))
        names = [name for name, data in zip(blobs, now, strict=True) if data == blobs[name]]
        copied = self.write({name + suffix: blobs[name] for name in names})
        safe = [name for name, error in zip(names, copied, strict=True) if error is None]
        removed = dict(zip(safe, self.remove(safe), strict=True))
        failed = dict(zip(names, copied, strict=True)) | removed
        return [failed.get(name) for name in blobs]

    def remove(self, names: Sequence[str]) -> list[Exception | None]:
        results = _errors(self._many("rm_file", _WRITE, [(name,) for name in names]))
        return [None if isinstance(error, FileNotFoundError) else error for error in results]

    def folders(self) -> list[str]:
        found = self._list("")
        return sorted(_last(info["name"]) for info in found if info["type"] == "directory")

    def entries(self, folder: str) -> Iterator[StoredFile]:
        for info in self._list(folder):
            if info["type"] == "file":
                yield StoredFile(f"{folder}/{_last(info['name'])}", info["size"], _modified(info))

    def _list(self, folder: str) -> list[dict[str, Any]]:
        found = self._many("ls", _READ, [(folder,)], detail=True)[0]
        if isinstance(found, FileNotFoundError) and NO_BUCKET not in str(found):
            return []
        if isinstance(found, OSError):
            raise found
        if isinstance(found, Exception):
            raise OSError(str(found) or type(found).__name__) from found
        return found

    def _many(
        self, method: str, kind: str, tasks: Sequence[tuple[Any, ...]], **options: Any
    ) -> list[Any]:
        """The result of a method of the file system, or the exception, for each task.

        Args:
            kind: ``_READ`` or ``_WRITE``, which are paused separately.
            tasks: a name and the method's other arguments.
        """
        failure, until = self._failures.get(kind, (None, 0.0))
        if failure is not None and time.monotonic() < until:
            return [failure] * len(tasks)
        try:
            results = self._call(method, tasks, options)
        except Exception as error:  # see _attempt
            results = [error] * len(tasks)
        if kind == _READ and self._protocol in S3:
            results = [_with_rights(result) for result in results]
        failure = _blamed(results)
        if failure is not None:
            self._failures[kind] = (failure, time.monotonic() + PAUSE_SECONDS)
        return results

    def _call(
        self, method: str, tasks: Sequence[tuple[Any, ...]], options: Mapping[str, Any]
    ) -> list[Any]:
        fs, prefix = self._place
        calls = [(f"{prefix.rstrip('/')}/{n}" if n else prefix, *rest) for n, *rest in tasks]
        if method == "ls":
            fs.invalidate_cache()
        if fs.async_impl:
            return sync(fs.loop, _gather, getattr(fs, f"_{method}"), calls, options)
        if method == "pipe_file":
            return _one_by_one(partial(_write_whole, fs), calls, options)
        return _one_by_one(getattr(fs, method), calls, options)

    @cached_property
    def _place(self) -> tuple[AbstractFileSystem, str]:
        """The file system and the root's path in it; some connect when they are created."""
        fs, prefix = url_to_fs(self.root, **_options(self._protocol))
        if self._protocol in S3:
            fs.retries = ATTEMPTS  # of the whole request, including the response's body
        return fs, prefix


class _Late(TimeoutError):
    """A request was not finished within the time limit of its batch."""


async def _gather(
    call: Call, tasks: Sequence[tuple[Any, ...]], options: Mapping[str, Any]
) -> list[Any]:
    """Await a call for each task. After a failure, calls not yet started get the same error."""
    gate = asyncio.Semaphore(CONCURRENCY)
    failures: list[Exception] = []

    async def one(task: tuple[Any, ...]) -> Any:
        async with gate:
            if failures:
                raise failures[0]
            return await call(*task, **options)

    def note(done: asyncio.Task[Any]) -> None:
        error = None if done.cancelled() else done.exception()
        if _is_failure(error):
            failures.append(error)

    running = [asyncio.ensure_future(one(task)) for task in tasks]
    for task in running:
        task.add_done_callback(note)
    if not running:
        return []
    _, late = await asyncio.wait(running, timeout=BATCH_SECONDS)
    for task in late:
        task.cancel()
    return [
        _Late() if task in late or task.cancelled() else task.exception() or task.result()
        for task in running
    ]


def _one_by_one(
    call: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], options: Mapping[str, Any]
) -> list[Any]:
    """Call for each task. After a failure, the other calls are not made and get the same error."""
    results: list[Any] = []
    for task in tasks:
        if results and _is_failure(results[-1]):
            results.append(results[-1])
        else:
            results.append(_attempt(call, task, options))
    return results


def _attempt(call: Callable[..., Any], task: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """The result of a call, or its exception.

    Any exception: file systems of fsspec raise the exceptions of their libraries, often not OSError
    (ftplib, paramiko, HTTP clients), and no error of a store may stop a run.
    """
    try:
        return call(*task, **options)
    except Exception as error:
        return error


def _write_whole(fs: AbstractFileSystem, path: str, data: bytes) -> None:
    """Write under another name, then rename: not every file system writes atomically."""
    temporary = f"{path}.{secrets.token_hex(8)}.tmp"
    fs.makedirs(path.rpartition("/")[0], exist_ok=True)
    fs.pipe_file(temporary, data)
    fs.mv(temporary, path)


def _is_failure(result: object) -> TypeGuard[Exception]:
    """Whether a result is an error of the store; a missing file is not."""
    return isinstance(result, Exception) and not isinstance(result, FileNotFoundError)


def _blamed(results: Sequence[object]) -> Exception | None:
    """The failure after which the store is paused; None if it is slow but returned something."""
    failures = [result for result in results if _is_failure(result)]
    others = [failure for failure in failures if not isinstance(failure, _Late)]
    if not others and len(failures) < len(results):
        return None
    return next(iter(others or failures), None)


def _with_rights(result: object) -> object:
    """Explain a 403 of S3, which it also returns for missing keys if listing is not permitted."""
    if not isinstance(result, PermissionError):
        return result
    return PermissionError(f"{result}; reading needs s3:GetObject and s3:ListBucket")


def _errors(results: Sequence[Any]) -> list[Exception | None]:
    return [result if isinstance(result, Exception) else None for result in results]


def _options(protocol: str) -> dict[str, Any]:
    """Options of the file system; everything else is left to the user's environment."""
    if protocol not in S3:
        return {}
    config = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": ANSWER_SECONDS,
        "retries": {"total_max_attempts": ATTEMPTS, "mode": "standard"},
        "max_pool_connections": CONCURRENCY,
    }
    # with more than one request per object, s3fs requests its size first
    return {"config_kwargs": config, "max_concurrency": 1, "use_listings_cache": False}


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]


def _modified(info: Mapping[str, Any]) -> float:
    """Time of the last write, seconds since 1970; now if the file system does not report it."""
    value = next((info[name] for name in _MODIFIED if info.get(name) is not None), None)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.timestamp()
    return time.time() if value is None else float(value)
