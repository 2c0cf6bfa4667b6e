"""The map on a real Dask cluster: a scheduler and workers in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer3d.errors import UserError
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Spec
from fer3d.machine import dask_cluster
from fer3d.machine.ordered_map import IN_FLIGHT, map_ordered
from fer3d.machine.settings import Settings
from fer3d.rowwise.packing import compute_dataset
from fer3d.rowwise.producer import Producer
from fer3d.rowwise.sources import PackedSource

pytest.importorskip("distributed")

ROWS = 90
WORKERS = 2


class Cluster:
    """A scheduler and workers without nannies, so that a killed worker is not restarted."""

    def __init__(self, folder: Path):
        self.folder, self.address = folder, ""
        self._processes: list[subprocess.Popen] = []
        self.workers: list[subprocess.Popen] = []
        self.scheduler: subprocess.Popen | None = None

    def start(self, workers: int) -> None:
        port_file = self.folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file"]
        self.scheduler = self._spawn("scheduler", *options, str(port_file))
        while not self.address:
            assert self.scheduler.poll() is None
            time.sleep(0.05)
            self.address = _address(port_file)
        self.workers = [
            self._spawn("worker", self.address, "--no-nanny", "--nthreads", "2", "--no-dashboard")
            for _ in range(workers)
        ]
        while dask_cluster.count_workers(dask_cluster.connect(self.settings())) < workers:
            assert not any(worker.poll() for worker in self.workers)
            time.sleep(0.05)

    def settings(self, **values) -> Settings:
        return Settings(parallel="dask", dask=self.address, workers=1, **values)

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def _spawn(self, *arguments: str) -> subprocess.Popen:
        place = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
            cwd=self.folder,
            env=os.environ | place,
            stderr=subprocess.DEVNULL,
        )
        self._processes.append(process)
        return process


def _address(port_file: Path) -> str:
    """The scheduler's address, or nothing while its file is being written."""
    try:
        return json.loads(port_file.read_text())["address"]
    except (FileNotFoundError, json.JSONDecodeError):
        return ""


def started(folder: Path) -> Iterator[Cluster]:
    made = Cluster(folder)
    try:
        made.start(WORKERS)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[Cluster]:
    """A cluster that several tests share."""
    yield from started(tmp_path_factory.mktemp("cluster"))


@pytest.fixture
def mortal(tmp_path) -> Iterator[Cluster]:
    """A cluster of one test that ends workers of it."""
    yield from started(tmp_path)


def where(x: int) -> tuple[int, int, str]:
    return x * x, os.getpid(), os.getcwd()


def only_one_at_a_time(x: int) -> bool:
    lock = Path(f"busy-{os.getpid()}")
    with lock.open("x"):
        time.sleep(0.02)
    lock.unlink()
    return True


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def end(x: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(x: int) -> None:
    raise ArithmeticError(f"task {x}")


def roots(batch):
    """Square roots, but the first worker beyond row 40 dies while a file `victim` exists."""
    if batch["x"].max() > 3 * 40 and Path("victim").exists():
        Path("victim").rename("dead")
        os.kill(os.getpid(), signal.SIGKILL)
    return {"y": np.sqrt(batch["x"].astype(np.float64))}


def table(rows: int) -> pd.DataFrame:
    ids = [f"{i:03}" for i in range(rows)]
    return pd.DataFrame(
        {"id": ids, "path": ids, "label": "anger", "sha1": "0" * 40, "width": 1, "height": 1}
    )


@pytest.fixture
def source(tmp_path) -> PackedSource:
    with PackedWriter(tmp_path / "source", ROWS, {"x": Spec((3,), "int64")}) as packed:
        packed.write(0, {"x": np.arange(3 * ROWS).reshape(ROWS, 3)})
        packed.finish(table(ROWS))
    return PackedSource(tmp_path / "source", ["x"])


def compute(source: PackedSource, out: Path, settings: Settings) -> bytes:
    outputs = {"y": Spec((3,), "float64")}
    made = Producer("test", 1, roots, ("x",), outputs, {}, libraries=["numpy"], batch_rows=4)
    compute_dataset(made, lambda arrays: {}, source, table(ROWS), out, settings)
    return b"".join(path.read_bytes() for path in sorted(out.iterdir()))


def test_results_come_in_order_from_several_workers_in_this_folder(running, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path.parent)
    results = list(map_ordered(where, range(40), settings=running.settings(), description="map"))
    assert [value for value, _, _ in results] == [x * x for x in range(40)]
    assert {pid for _, pid, _ in results} == {worker.pid for worker in running.workers}
    assert {folder for _, _, folder in results} == {str(tmp_path.parent)}


def test_a_worker_with_several_threads_computes_one_task_at_a_time(running, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tasks = range(20)
    settings = running.settings()
    assert all(map_ordered(only_one_at_a_time, tasks, settings=settings, description="map"))


def test_an_error_in_a_task_reaches_the_caller(running):
    with pytest.raises(ArithmeticError, match="task 3"):
        list(map_ordered(fail, [3], settings=running.settings(), description="failing"))


def test_tasks_are_drawn_as_results_are_taken_and_those_left_are_cancelled(running):
    drawn = []
    tasks = (drawn.append(i) or 0.1 for i in range(400))
    settings = running.settings()
    results = map_ordered(nap, tasks, settings=settings, description="naps", weights=[1] * 400)
    assert [next(results) for _ in range(5)] == [0.1] * 5
    time.sleep(1)  # the workers could do all that they have been given
    assert len(drawn) < IN_FLIGHT * WORKERS + 5
    results.close()
    client = dask_cluster.connect(settings)
    end = time.monotonic() + 60
    while any(client.processing().values()) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(client.processing().values())


def test_a_folder_that_workers_do_not_see_is_named(running, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here").rmdir()
    monkeypatch.setattr(os, "getcwd", lambda: str(tmp_path / "here"))
    with pytest.raises(UserError, match=r"cannot access .*here"):
        list(map_ordered(where, [1], settings=running.settings(), description="map"))


def test_without_a_scheduler_there_is_a_message(monkeypatch):
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 1)
    settings = Settings(parallel="dask", dask="tcp://127.0.0.1:9", workers=1)
    with pytest.raises(UserError, match="no Dask scheduler answers at tcp://127"):
        list(map_ordered(where, [1], settings=settings, description="map"))


def test_a_killed_workers_rows_are_computed_elsewhere_to_the_same_bytes(
    mortal, source, tmp_path, caplog, monkeypatch
):
    caplog.set_level("INFO", "fer3d")
    monkeypatch.chdir(tmp_path)
    alone = compute(source, tmp_path / "alone", Settings(workers=1, store="none"))
    (tmp_path / "victim").touch()
    settings = mortal.settings(store=str(tmp_path / "store"))
    assert compute(source, tmp_path / "out", settings) == alone
    assert (tmp_path / "dead").exists()
    assert -signal.SIGKILL in [worker.poll() for worker in mortal.workers]
    assert dask_cluster.count_workers(dask_cluster.connect(settings)) == WORKERS - 1
    assert compute(source, tmp_path / "again", settings) == alone
    assert caplog.messages[-2:] == [
        f"test: computed {ROWS}, from store 0",
        f"test: computed 0, from store {ROWS}",
    ]


def test_a_task_that_ends_every_worker_ends_with_a_message(mortal, monkeypatch):
    monkeypatch.setattr(dask_cluster, "PATIENCE_SECONDS", 3)
    with pytest.raises(UserError, match=r"had no worker for 3 s|workers died"):
        list(map_ordered(end, [1], settings=mortal.settings(), description="ending"))


def test_a_scheduler_that_ends_ends_the_map_with_a_message(mortal):
    results = map_ordered(nap, [0.0] + [0.5] * 50, settings=mortal.settings(), description="naps")
    next(results)
    mortal.scheduler.kill()
    with pytest.raises(UserError, match="connection to the Dask scheduler is lost"):
        list(results)
