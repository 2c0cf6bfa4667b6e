"""Stores of both kinds: a folder, and a bucket of a real S3 API on the loopback."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

import numpy as np
import pytest

from fer3d.store.objects import ObjectStore, open_store

NOBODY = 65534  # the user that owns nothing

Arrays = dict[str, np.ndarray]


def result(number: int) -> Arrays:
    """Arrays like those of a stage, numeric and boolean, seeded by a number."""
    values = np.random.default_rng(number)
    return {
        "vertices": values.random((20, 3), np.float32),
        "mask": values.random((9, 7)) > 0.5,
        "reason": np.uint8(number % 3).reshape(()),
    }


@pytest.fixture
def objects() -> dict[str, Arrays]:
    """Twenty objects by their keys."""
    return {sha256(bytes([number])).hexdigest(): result(number) for number in range(20)}


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server with the API of S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(monkeypatch) -> Callable[..., None]:
    """Set the environment variables of S3 clients to an address."""

    def point(endpoint: str, name: str = "test", secret: str = "test") -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", name)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        forget_connections()

    yield point
    forget_connections()


@pytest.fixture
def s3(s3_server, aws) -> ObjectStore:
    """A store in a bucket of its own."""
    import boto3

    aws(s3_server)
    bucket = f"lab-{token_hex(4)}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return open_store(f"s3://{bucket}/fer3d")


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path) -> ObjectStore:
    """An empty store of either kind."""
    if request.param == "folder":
        return open_store(str(tmp_path / "store"))
    return request.getfixturevalue("s3")


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """An empty folder that every user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def read_only() -> Callable[[Path], AbstractContextManager[None]]:
    """A block in which this process may read a folder and not write to it."""
    return _read_only


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    modes = {path: path.stat().st_mode for path in [folder, *folder.rglob("*")]}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    user = os.geteuid()
    if user == 0:  # modes do not bind root
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(user)
        for path, mode in modes.items():
            path.chmod(mode)


def forget_connections() -> None:
    """Drop the connections of this process to its stores."""
    import fsspec

    from fer3d.store import objects

    objects._files.cache_clear()
    fsspec.get_filesystem_class("s3").clear_instance_cache()
