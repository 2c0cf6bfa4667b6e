import subprocess
import sys
from pathlib import Path

import pytest

from fer3d.errors import UserError
from fer3d.machine import settings


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / "fer3d.local.toml").write_text('workers = 3\nstore = "/mnt/lab"\n')
    got = settings.load(tmp_path, {"FER3D_WORKERS": "5"})
    assert (got.workers, got.store) == (5, "/mnt/lab")


def test_defaults_work(tmp_path):
    got = settings.load(tmp_path, {})
    assert got.workers >= 1 and got.torch_device() in ("cpu", "cuda") and got.wheels is None
    assert settings.load(tmp_path, {"FER3D_WHEELS": "/wheels"}).wheels == Path("/wheels")


def test_folders_may_lie_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    got = settings.load(tmp_path, {"FER3D_WHEELS": "~/wheels", "FER3D_STATE": "~/state"})
    assert (got.wheels, got.state_folder) == (tmp_path / "wheels", tmp_path / "state")
    with pytest.raises(UserError, match="FER3D_STATE"):
        settings.load(tmp_path, {"FER3D_STATE": ""})


@pytest.mark.parametrize(
    "store", ["none", "/mnt/lab", "lab", "file:///mnt/lab", "s3://bucket", "s3://bucket/prefix"]
)
def test_the_store_may_be_a_folder_or_an_address(tmp_path, store):
    assert settings.load(tmp_path, {"FER3D_STORE": store}).store == store


def test_another_machine_may_compute(tmp_path):
    got = settings.load(tmp_path, {})
    assert (got.parallel, got.dask) == ("processes", None)
    got = settings.load(tmp_path, {"FER3D_PARALLEL": "dask", "FER3D_DASK": "tcp://10.0.0.1:8786"})
    assert (got.parallel, got.dask) == ("dask", "tcp://10.0.0.1:8786")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"FER3D_WORKERS": "0"}, "FER3D_WORKERS"),
        ({"FER3D_DEVICE": "tpu"}, "'cpu'.*got 'tpu'"),
        ({"FER3D_STORE": ""}, "FER3D_STORE is empty"),
        ({"FER3D_STORE": "s4://bucket/prefix"}, "unknown protocol in .s4://.*s3://bucket"),
        ({"FER3D_STORE": "s3:///prefix"}, "has no bucket"),
        ({"FER3D_STORE": "file://mnt/lab"}, "three slashes, file:///mnt/lab"),
        ({"FER3D_PARALLEL": "threads"}, "'processes' or 'dask'"),
        ({"FER3D_DASK": "host:8786"}, "tcp://host:8786"),
    ],
)
def test_a_wrong_value_is_named(tmp_path, environment, message):
    with pytest.raises(UserError, match=message):
        settings.load(tmp_path, environment)


@pytest.mark.parametrize("name", ["FER3D_WORKER", "FER3D_STOER"])
def test_an_unknown_variable_is_named_with_those_that_are_known(tmp_path, name):
    with pytest.raises(
        UserError, match=f"{name}; known: .*FER3D_WORKERS.*FER3D_STORE.*FER3D_WHEELS"
    ):
        settings.load(tmp_path, {name: "3", "FER3D_DEVICE": "cpu", "PATH": "/bin"})


def test_there_is_a_worker_for_every_core_that_the_process_may_use():
    code = (
        "import os; from fer3d.machine.settings import Settings; "
        "os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); print(Settings().workers)"
    )
    assert subprocess.check_output([sys.executable, "-c", code]) == b"1\n"


def test_an_unknown_name_in_the_file_is_named(tmp_path):
    (tmp_path / "fer3d.local.toml").write_text("worker = 3\n")
    with pytest.raises(UserError, match="'worker'"):
        settings.load(tmp_path, {})
    (tmp_path / "fer3d.local.toml").write_text("worker = ")
    with pytest.raises(UserError, match="not valid TOML"):
        settings.load(tmp_path, {})
