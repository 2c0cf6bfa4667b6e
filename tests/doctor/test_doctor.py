"""The doctor finds problems and gives advice."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from fer3d import params as parameters
from fer3d.assets.catalogue import ASSETS
from fer3d.checkout import MANIFEST
from fer3d.datasets.layout import read_layout
from fer3d.doctor import Status, disk, examine, machine, sharing
from fer3d.doctor.finding import size
from fer3d.doctor.unpacking import unpacked, used_bytes
from fer3d.files import manifest
from fer3d.files.atomic import _MACHINE
from fer3d.machine.settings import Settings

GIGABYTE = 1e9


@pytest.fixture
def params(repository: Path) -> parameters.Params:
    return parameters.load(repository / "params.yaml")


@pytest.fixture
def checkout(tmp_path: Path, repository: Path, assets_dir: Path) -> Path:
    """A checkout with model files and without data."""
    folder = tmp_path / "checkout"
    (folder / "data").mkdir(parents=True)
    for name in ("params.yaml", "pyproject.toml", "constraints.txt"):
        shutil.copyfile(repository / name, folder / name)
    (folder / "data/assets").symlink_to(assets_dir)
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"]):
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        subprocess.run(command, cwd=folder, check=True, env=environment)
    return folder


def settings(tmp_path: Path, **values: object) -> Settings:
    return Settings(**{"workers": 1, "store": str(tmp_path / "store"), **values})


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_an_archive_without_git_is_told_to_make_a_repository(checkout: Path, tmp_path: Path):
    there = sharing.version_control(checkout, sharing.cache(checkout))
    assert there.status is Status.OK
    shutil.rmtree(checkout / ".git")
    found = sharing.version_control(checkout, sharing.cache(checkout))
    assert found.status is Status.PROBLEM
    assert "no git repository" in found.detail and "`git init`" in found.advice
    _without_git(checkout)
    assert sharing.version_control(checkout, sharing.cache(checkout)).status is Status.WARNING
    assert _dvc("status", cwd=checkout).returncode == 0
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    found = sharing.version_control(checkout, sharing.cache(checkout))
    assert found.status is Status.WARNING and "core.no_scm" in found.advice
    _without_git(checkout)
    assert sharing.version_control(checkout, sharing.cache(checkout)).status is Status.OK


def _environment() -> dict[str, str]:
    return os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def _without_git(checkout: Path) -> None:
    script = Path(__file__).parents[2] / "tools/without-git.sh"
    subprocess.run(["sh", script], cwd=checkout, check=True, env=_environment())


def _dvc(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def test_a_good_machine_has_no_problem(checkout, params, tmp_path):
    findings = examine(checkout, params, settings(tmp_path))
    problems = [finding for finding in findings if finding.status is Status.PROBLEM]
    # tests may run on a machine with little room or memory
    assert {finding.check for finding in problems} <= {"disk", "memory", "packages"}, problems
    assert [file for file in (tmp_path / "store").rglob("*") if file.is_file()] == []
    assert list((checkout / "data").glob(".*")) == []


def test_whoever_is_not_well_is_told_what_to_do(checkout, params, tmp_path):
    for finding in examine(checkout, params, settings(tmp_path, workers=1000)):
        assert bool(finding.advice) == (finding.status is not Status.OK), finding


def test_the_command_says_it_as_json_and_by_its_exit_status(checkout):
    code = "from fer3d.cli import app; app()"
    repository = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor", "--json"],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(repository), "FER3D_DEVICE": "cuda"},
        capture_output=True,
        text=True,
    )
    found = {finding["check"]: finding for finding in json.loads(done.stdout)}
    has_gpu = found["gpu"]["status"] == "ok"
    assert done.returncode == 1 or has_gpu
    assert has_gpu or found["gpu"]["status"] == "problem"


def test_an_older_python_is_a_problem(repository):
    assert machine.python(repository, (3, 10, 4)).status is Status.PROBLEM
    assert machine.python(repository).status is Status.OK


def test_packages_that_are_not_as_declared(checkout):
    pinned = machine._pins(checkout)
    assert machine.packages(checkout, pinned).status is Status.OK
    assert machine.packages(checkout, pinned | {"torch": "2.13.0+cu126"}).status is Status.OK
    newer = machine.packages(checkout, pinned | {"numpy": "99.0"})
    assert newer.status is Status.WARNING and "numpy 99.0 instead of" in newer.detail
    older = machine.packages(checkout, pinned | {"dvc": "2.0"})
    assert older.status is Status.PROBLEM and "dvc>=3" in older.detail


def test_pins_may_have_conditions_and_comments(tmp_path):
    (tmp_path / "constraints.txt").write_text(
        "# pinned\n--prefer-binary\n\na==1.0  # why\nB_b == 2\n"
        "c==3; python_version >= '3'\nc==4; python_version < '3'\nd>=5\n"
    )
    assert machine._pins(tmp_path) == {"a": "1.0", "b-b": "2", "c": "3"}
    assert machine._pins(tmp_path / "elsewhere") == {}


def test_a_library_that_does_not_load(repository):
    found = machine.libraries({"libnothing7": "libnothing.so.7"})
    assert found.status is Status.PROBLEM and "apt-get install libnothing7" in found.advice
    script = (repository / "tools/system-libraries.sh").read_text()
    assert all(f"{name}:{file}" in script for name, file in machine.LIBRARIES.items())


def test_more_workers_than_cores(tmp_path):
    found = machine.processor(settings(tmp_path, workers=64), cores=3)
    assert found.status is Status.WARNING and found.advice == "set FER3D_WORKERS=3"
    assert machine.processor(settings(tmp_path), cores=1).status is Status.OK


def test_too_little_memory_for_the_workers(tmp_path):
    many = settings(tmp_path, workers=64)
    found = machine.memory(many, available=8 * GIGABYTE)
    assert found.status is Status.PROBLEM
    fewer = int(found.advice.removeprefix("set FER3D_WORKERS="))
    assert 1 <= fewer <= machine.usable_cores()  # what the processor check says too
    assert machine.memory(settings(tmp_path, workers=fewer), 0, 8 * GIGABYTE).status is Status.OK


def test_large_images_take_memory(checkout, params, tmp_path):
    two = settings(tmp_path, workers=2)
    assert machine.memory(two, 1e6, 4 * GIGABYTE).status is Status.OK
    found = machine.memory(two, 50e6, 4 * GIGABYTE)
    assert found.status is Status.PROBLEM and "for images of 50 megapixels" in found.detail
    assert disk.largest_image(checkout, params) == 0
    sizes = {"width": [10, 4000], "height": [20, 3000]}
    names = {name: ["a", "b"] for name in ("id", "path", "label", "sha1")}
    manifest.write(pd.DataFrame(names | sizes), checkout / MANIFEST)
    padded = params.align.model_copy(update={"padding": 0.5})
    wide = params.model_copy(update={"align": padded})
    assert disk.largest_image(checkout, wide) == 4 * 12e6


@pytest.mark.parametrize(
    ("device", "driver", "built", "gpus", "status"),
    [
        ("auto", False, True, [], Status.OK),
        ("cuda", False, True, [], Status.PROBLEM),
        ("auto", True, False, [], Status.WARNING),
        ("auto", True, True, [], Status.WARNING),
        ("auto", True, True, [("H100", 70 * GIGABYTE)], Status.OK),
        ("auto", True, True, [("H100", 0.5 * GIGABYTE)], Status.WARNING),
        ("cpu", True, True, [("H100", 70 * GIGABYTE)], Status.WARNING),
    ],
)
def test_gpus(device, driver, built, gpus, status):
    assert machine.judge_gpu(device, driver, built, gpus).status is status


def test_images_are_counted_where_they_are(checkout, params):
    assert disk.count_images(checkout, params) == sum(params.synthesize.images.values())
    folder = checkout / params.ingest.source / "anger"
    folder.mkdir(parents=True)
    for name in ("a.jpg", "b.PNG", "c.gif", "notes.txt"):
        (folder / name).touch()
    assert disk.count_images(checkout, params) == 3
    (checkout / "elsewhere").mkdir()
    (checkout / "elsewhere/d.jpg").touch()
    (folder.parent / "fear").symlink_to(checkout / "elsewhere")
    assert disk.count_images(checkout, params) == 4
    (folder.parent / "images.csv").write_text("path,label\na,b\nc,d\ne,f\n")
    assert disk.count_images(checkout, params) == 3
    listed = params.ingest.model_copy(update={"source": f"{params.ingest.source}/images.csv"})
    assert disk.count_images(checkout, params.model_copy(update={"ingest": listed})) == 3


def test_the_manifest_of_another_source_does_not_count(checkout, params):
    """After `make demo` the user names a folder of photos."""
    folder = checkout / params.ingest.source / "anger"
    folder.mkdir(parents=True)
    (folder / "a.jpg").touch()
    names = {"id": ["a", "b"], "path": ["anger/a.jpg", "anger/b.jpg"], "label": "x", "sha1": "0"}
    manifest.write(pd.DataFrame(names | {"width": 10, "height": 10}), checkout / MANIFEST)
    assert disk.count_images(checkout, params) == 2
    (checkout / "photos/joy").mkdir(parents=True)
    for number in range(5):
        (checkout / f"photos/joy/{number}.jpg").touch()
    source = params.ingest.model_copy(update={"source": "photos"})
    other = params.model_copy(update={"ingest": source})
    assert disk.count_images(checkout, other) == 5 and disk.largest_image(checkout, other) == 0
    away = params.ingest.model_copy(update={"source": "not/mounted"})
    assert disk.count_images(checkout, params.model_copy(update={"ingest": away})) == 2


def test_the_need_is_that_of_fer2013(params):
    """30,719 images became 42,380 rows, 3.4 GB in data/; docs/scale.md has the objects."""
    needed = disk.need(30_719, params)
    assert 3.4 * GIGABYTE < needed.outputs < 1.4 * 3.4 * GIGABYTE
    stored = 30_719 * 30_800 + 42_380 * (13_500 + 20_400)
    assert stored < needed.objects < 1.4 * stored


def test_too_little_room(tmp_path, params):
    needed = disk.need(10**9, params)
    places = {"data": (tmp_path / "not" / "yet", needed.outputs), "store": (tmp_path, 1.0)}
    (found,) = disk.room(needed, places, started=False)
    assert found.status is Status.PROBLEM and "data, store" in found.detail
    (found,) = disk.room(needed, places, started=True)
    assert found.status is Status.WARNING
    (found,) = disk.room(None, {}, started=False)
    assert "ingest.source" in found.advice


def test_images_that_are_unpacked_from_an_archive_take_room(checkout, params, monkeypatch):
    assert unpacked(checkout, params) == []
    table = checkout / "fer2013.csv"
    row = "0," + " ".join(["128"] * 48 * 48) + ",Training\n"
    table.write_text("emotion,pixels,Usage\n" + 3 * row)
    listed = params.ingest.model_copy(update={"source": "fer2013.csv"})
    params = params.model_copy(update={"ingest": listed})
    (before,) = unpacked(checkout, params)
    assert before.status is Status.OK and size(table.stat().st_size) in before.detail
    with monkeypatch.context() as full:
        full.setattr("fer3d.doctor.unpacking.free_bytes", lambda folder: 1000)
        (found,) = unpacked(checkout, params)
    assert found.status is Status.PROBLEM and ".fer3d" in found.detail
    root = read_layout(table, kept=checkout / ".fer3d").root
    written = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    assert written <= used_bytes(root) < written + 10 * 4096
    (after,) = unpacked(checkout, params)
    assert str(root) in after.detail and size(used_bytes(root)) in after.detail


def test_too_few_inodes(tmp_path):
    assert disk.inodes(tmp_path, 100, free=99, total=1000).status is Status.PROBLEM
    assert disk.inodes(tmp_path, 100, free=0, total=0).status is Status.OK  # no such limit


def test_a_store_that_cannot_be_reached(tmp_path):
    (tmp_path / "file").touch()
    found = sharing.store(settings(tmp_path, store=str(tmp_path / "file" / "store")))
    assert found.status is not Status.OK and str(tmp_path / "file") in found.detail
    assert sharing.store(settings(tmp_path, store="none")).status is Status.WARNING
    assert sharing.store(settings(tmp_path)).status is Status.OK


def test_a_groups_folder_and_a_private_umask(tmp_path):
    def found(mode: int, umask: int) -> Status:
        tmp_path.chmod(mode)
        return sharing.group({"the store": tmp_path}, umask).status

    assert found(0o755, 0o022) is Status.OK  # nobody else's
    assert found(0o2775, 0o022) is Status.WARNING
    assert found(0o775, 0o002) is Status.WARNING
    assert found(0o2755, 0o002) is Status.WARNING
    assert found(0o2775, 0o002) is Status.OK


def test_dvcs_cache_and_how_it_gives_files(checkout, tmp_path):
    assert sharing.cache(checkout) == sharing.Cache(checkout / ".dvc/cache", links=False)
    config = checkout / ".dvc/config"
    config.write_text(f'[cache]\n    dir = {tmp_path}/lab\n    type = "reflink,symlink,copy"\n')
    assert sharing.cache(checkout) == sharing.Cache(tmp_path / "lab", links=True)
    assert not sharing.cache(tmp_path).links  # no repository


def test_model_files_that_are_missing_or_damaged(checkout, assets_dir):
    assert sharing.model_files(checkout).status is Status.OK
    (checkout / "data/assets").unlink()
    assert "8 of 8" in sharing.model_files(checkout).detail
    (checkout / "data/assets").mkdir()
    name = next(iter(ASSETS.values())).name
    (checkout / "data/assets" / name).write_bytes(b"not it")
    found = sharing.model_files(checkout)
    assert name in found.detail and "--force assets" in found.advice


def test_what_killed_runs_left(checkout):
    assert sharing.leftovers(checkout).status is Status.OK
    left = checkout / "data" / f".align.{_MACHINE}.{dead_process()}.abc.tmp"
    left.mkdir()
    (left / "images.npy").write_bytes(bytes(1000))
    (checkout / "data" / f".relight.{_MACHINE}.{os.getpid()}.abc.tmp").mkdir()  # still at work
    assert "1 unfinished outputs, 1 kB" in sharing.leftovers(checkout).detail


def test_dask_that_does_not_answer(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    from fer3d.machine import dask_cluster

    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 1)
    gone = settings(tmp_path, parallel="dask", dask="tcp://127.0.0.1:9")
    assert sharing.dask(gone).status is Status.PROBLEM
    assert sharing.dask(settings(tmp_path)).status is Status.OK


def test_a_scheduler_that_nothing_uses(tmp_path):
    found = sharing.dask(settings(tmp_path, dask="tcp://127.0.0.1:9"))
    assert found.status is Status.WARNING and "FER3D_PARALLEL=dask" in found.advice


def test_sizes_read_well():
    assert [size(n) for n in (0, 999, 1000, 12_345, 3.4e9, 2.1e15)] == [
        "0 B",
        "999 B",
        "1 kB",
        "12.3 kB",
        "3.4 GB",
        "2,100.0 TB",
    ]
