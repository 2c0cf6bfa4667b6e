"""A run continues if the store is missing, does not answer, or is read-only."""

import itertools
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from fer3d.doctor import Status
from fer3d.doctor.sharing import probe
from fer3d.errors import UserError
from fer3d.store import remote, upkeep
from fer3d.store.encoding import encode
from fer3d.store.objects import Lookup, Written, name_of, open_store
from fer3d.store.upkeep import folders

TOGETHER = 16  # requests that a store which is far away takes before it answers any of them
ATTEMPTS_OF_EACH = remote.ATTEMPTS**2  # botocore's, by s3fs again
NEVER_S = 600.0  # longer than any test


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # connections that wait to be accepted; 5 by default


@contextmanager
def server(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Iterator[str]:
    with Server(("127.0.0.1", port), handler) as listening:
        listening.daemon_threads = True
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


class Empty(BaseHTTPRequestHandler):
    """A store without objects."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


class Far(Empty):
    """A store without objects that answers as soon as so many requests were under way at once."""

    waiting = itertools.count(1)
    together = threading.Event()

    def do_GET(self) -> None:
        if next(self.waiting) == TOGETHER:
            self.together.set()
        self.together.wait(NEVER_S)
        self.send_error(404)


class Silent(Empty):
    """A store that takes requests, counts them and never answers."""

    asked = itertools.count()

    def do_GET(self) -> None:
        next(self.asked)
        time.sleep(NEVER_S)


class Slow(Empty):
    """A store that returns one object, and does not answer requests for others."""

    quick, data = "", b""

    def do_GET(self) -> None:
        if self.quick not in self.path:
            time.sleep(NEVER_S)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.data)))
        self.end_headers()
        self.wfile.write(self.data)


class Secretive(Empty):
    """A store that does not reveal whether it has an object."""

    def do_GET(self) -> None:
        text = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def keys(count: int) -> list[str]:
    return [f"{i:064x}" for i in range(count)]


def test_requests_run_side_by_side(aws):
    with server(Far) as endpoint:
        aws(endpoint)
        store = open_store("s3://bucket/prefix")
        assert store.read_many(keys(256)) == Lookup([None] * 256)


def test_a_store_that_cannot_be_reached_is_left_alone(aws, objects):
    port = closed_port()
    aws(f"http://127.0.0.1:{port}")
    store = open_store("s3://bucket/prefix")
    first = store.read_many(keys(256))
    assert first.arrays == [None] * 256 and first.damaged == ()
    assert "s3://bucket/prefix cannot be read (Could not connect" in first.trouble
    with server(Empty, port):  # which would answer
        assert store.read_many(keys(256)) == first  # in the same words, so that it is said once
    written = store.write_many("test 1", objects)
    assert written.count == 0 and "cannot be written to (Could not connect" in written.trouble


def test_a_store_that_does_not_answer_does_not_hang_the_run(aws, monkeypatch):
    monkeypatch.setattr(remote, "ANSWER_SECONDS", 1)
    with server(Silent) as endpoint:
        aws(endpoint)
        lookup = open_store("s3://bucket/prefix").read_many(keys(200))
    assert lookup.arrays == [None] * 200 and "Read timeout" in lookup.trouble
    assert next(Silent.asked) < 200 * ATTEMPTS_OF_EACH


def test_the_whole_batch_has_a_time_limit_too(aws, monkeypatch):
    monkeypatch.setattr(remote, "BATCH_SECONDS", 1)
    with server(Silent) as endpoint:
        aws(endpoint)
        lookup = open_store("s3://bucket/prefix").read_many(keys(3))
    assert lookup == Lookup(
        [None] * 3, trouble="s3://bucket/prefix cannot be read (no answer in time)"
    )


def test_what_a_slow_store_gave_in_time_counts(aws, monkeypatch, objects):
    monkeypatch.setattr(remote, "BATCH_SECONDS", 5)
    monkeypatch.setattr(remote, "CONCURRENCY", 4)
    quick, *slow = objects
    monkeypatch.setattr(Slow, "quick", name_of(quick))
    monkeypatch.setattr(Slow, "data", encode(quick, "test 1", objects[quick]))
    with server(Slow) as endpoint:
        aws(endpoint)
        store = open_store("s3://bucket/prefix")
        found = store.read_many([*slow[:2], quick, *slow[2:]])
        assert [arrays is not None for arrays in found.arrays] == [False] * 2 + [True] + [
            False
        ] * 17
        assert found.trouble == "s3://bucket/prefix cannot be read (no answer in time)"
        again = store.read_many([quick])  # the store is still asked
        assert again.arrays[0] is not None and again.trouble is None
        assert store.read_many(slow[:2]).trouble == found.trouble
        assert store.read_many([quick]).arrays == [None]  # not any more: it gave nothing


def test_whoever_may_not_list_is_told_the_rights(aws):
    with server(Secretive) as endpoint:
        aws(endpoint)
        found = open_store("s3://bucket/prefix").read_many(keys(2))
    rights = "reading needs s3:GetObject and s3:ListBucket"
    assert found.trouble == f"s3://bucket/prefix cannot be read (Access Denied; {rights})"


def test_a_file_system_that_connects_at_once_fails_as_any_other(monkeypatch, objects):
    place = f"ftp://127.0.0.1:{closed_port()}/store"
    store = open_store(place)
    found = store.read_many(keys(200))
    assert found == Lookup([None] * 200, trouble=f"{place} cannot be read (Connection refused)")
    assert store.write_many("test 1", objects).trouble == (
        f"{place} cannot be written to (Connection refused)"
    )
    monkeypatch.setattr(remote, "url_to_fs", lambda *_, **__: pytest.fail("it is left alone"))
    assert store.read_many(keys(2)) == Lookup([None] * 2, trouble=found.trouble)
    with pytest.raises(UserError, match="cannot be listed"):
        upkeep.folders(store)


def test_errors_of_a_foreign_library_are_troubles(monkeypatch, objects):
    asked = []

    def refuse(_fs: MemoryFileSystem, path: str, **_: object) -> bytes:
        asked.append(path)
        raise RuntimeError("session expired")

    monkeypatch.setattr(MemoryFileSystem, "cat_file", refuse)
    store = open_store("memory://foreign")
    found = store.read_many(keys(200))
    assert found.trouble == "memory://foreign cannot be read (session expired)"
    assert found.arrays == [None] * 200 and len(asked) == 1
    assert store.write_many("test 1", objects).count == len(objects)  # writing still works


def test_a_store_that_is_back_is_used_again(aws, monkeypatch):
    monkeypatch.setattr(remote, "PAUSE_SECONDS", 0.5)
    port = closed_port()
    aws(f"http://127.0.0.1:{port}")
    store = open_store("s3://bucket/prefix")
    assert store.read_many(keys(2)).trouble is not None
    with server(Empty, port):
        time.sleep(0.6)
        assert store.read_many(keys(2)) == Lookup([None] * 2)


def test_a_bucket_that_is_not_there_is_named(s3, objects):
    elsewhere = open_store("s3://no-such-bucket/fer3d")
    assert elsewhere.read_many(keys(3)).arrays == [None] * 3
    written = elsewhere.write_many("test 1", objects)
    assert written.count == 0 and "bucket does not exist" in written.trouble
    with pytest.raises(
        UserError, match=r"no-such-bucket/fer3d cannot be listed \(The specified bu"
    ):
        folders(elsewhere)
    found = probe(elsewhere)
    assert found.status is Status.PROBLEM and "make the bucket" in found.advice
    assert folders(open_store(f"{s3.address}/nothing-there")) == []


@pytest.fixture
def reader(s3_server, s3, aws) -> Iterator[Callable[[], None]]:
    """Restricts the rights of this process to reading buckets."""
    import boto3

    iam = boto3.client("iam")
    iam.create_user(UserName="reader")
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    made = iam.create_access_key(UserName="reader")["AccessKey"]

    def enforce(after: str) -> None:  # requests that are let through before rights count
        reset = urllib.request.Request(f"{s3_server}/moto-api/reset-auth", after.encode())
        reset.add_header("Content-Type", "text/plain")
        urllib.request.urlopen(reset).close()

    def enter() -> None:
        enforce("0")
        aws(s3_server, made["AccessKeyId"], made["SecretAccessKey"])

    yield enter
    enforce("inf")


def test_a_bucket_that_may_only_be_read_is_a_cache(s3, reader, objects):
    known, new = list(objects)[:10], list(objects)[10:]
    s3.write_many("test 1", {key: objects[key] for key in known})
    s3.files.write({name_of(known[0]): b"damaged"})
    reader()
    found = s3.read_many([*known, *new])
    assert [arrays is not None for arrays in found.arrays] == [False] + [True] * 9 + [False] * 10
    assert found.damaged == (s3.path(known[0]),) and found.trouble is None
    written = s3.write_many("test 1", {key: objects[key] for key in new})
    assert written.count == 0 and "cannot be written to" in written.trouble
    assert s3.read_many(known).damaged == (s3.path(known[0]),)  # it lies where it lay


def test_a_folder_that_may_only_be_read_is_a_cache(shared_folder, read_only, objects):
    store = open_store(str(shared_folder / "store"))
    known, new = list(objects)[:10], list(objects)[10:]
    store.write_many("test 1", {key: objects[key] for key in known})
    store.files.write({name_of(known[0]): b"damaged"})
    with read_only(shared_folder / "store"):
        found = store.read_many([*known, *new])
        written = store.write_many("test 1", {key: objects[key] for key in new})
    assert [arrays is not None for arrays in found.arrays] == [False] + [True] * 9 + [False] * 10
    assert found.damaged == (store.path(known[0]),) and found.trouble is None
    assert written == Written(0, f"{store.address} cannot be written to (Permission denied)")
    assert store.files.read([name_of(known[0])]) == [b"damaged"]


def test_a_folder_that_cannot_be_there_is_named(tmp_path, objects):
    (tmp_path / "file").write_text("no folder")
    store = open_store(str(tmp_path / "file" / "store"))
    found = store.read_many(keys(2))
    assert found == Lookup([None] * 2, trouble=f"{store.address} cannot be read (Not a directory)")
    written = store.write_many("test 1", objects)
    assert written == Written(0, f"{store.address} cannot be written to (Not a directory)")


def test_one_object_that_cannot_be_read_spoils_no_other(tmp_path, objects):
    store = open_store(str(tmp_path))
    store.write_many("test 1", objects)
    bad = tmp_path / name_of(next(iter(objects)))
    bad.unlink()
    bad.mkdir()
    found = store.read_many(list(objects))
    assert [arrays is None for arrays in found.arrays] == [True] + [False] * 19
    assert found.trouble == f"{tmp_path} cannot be read (Is a directory)"
