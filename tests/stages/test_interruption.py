"""After any interruption, the next run continues and ends with the same bytes."""

import os
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import yaml
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from voluptuous import Invalid

SEED = 0
KILLS = 2  # of each stage at least, while it runs; 14 stages
TRIES = 8  # a kill may come too late, when DVC is saving what the stage wrote
SOONER = 0.6  # of the time, after a kill that came too late: the machine may be less busy now
GONE_S = 60.0  # in which every process of a killed run must be gone; a loaded machine is slow
SMALL_DISK = "100k"  # less than the first file or folder that any stage writes
SMALL_FILE = 150_000  # bytes
LOCK = """schema: '2.0'
stages:
  split:
    cmd: python -m stages.split
    deps:
    - path: params.yaml
      hash: md5
      md5: 0cc175b9c0f1b6a831c399e269772661"""


def group(leader: int) -> list[psutil.Process]:
    """The processes of a process group."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader:
                found.append(process)
        except ProcessLookupError:
            continue
    return found


def running_stage(processes: list[psutil.Process]) -> str | None:
    """The stage whose script one of the processes runs."""
    for process in processes:
        try:
            if found := re.search(r"-m stages\.(\w+)", " ".join(process.cmdline())):
                return found[1]
        except psutil.NoSuchProcess:
            continue
    return None


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    def lives(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return [process for process in processes if lives(process)]


def survivors(processes: list[psutil.Process], folder: Path) -> list[psutil.Process]:
    """Processes of a run that are alive after a while, or work in its folder."""
    end = time.monotonic() + GONE_S
    while (left := alive(processes)) and time.monotonic() < end:
        time.sleep(0.1)
    return left + [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(folder)]


def wait_for(process: subprocess.Popen, pattern: str) -> str:
    """Read the output of a process up to a line with a pattern; "" if there is none."""
    return next((line for line in process.stdout if re.search(pattern, line)), "")


def kill(project, arguments: list[str], stage: str, seconds: float) -> str | None:
    """Start `dvc repro` and kill all of its processes some seconds after the start of a stage."""
    with project.start("dvc", "repro", *arguments) as dvc:
        if not wait_for(dvc, rf"^Running stage '{stage}'"):
            return None
        time.sleep(seconds)
        processes = group(dvc.pid)
        hit = running_stage(processes)
        os.killpg(dvc.pid, signal.SIGKILL)
    assert survivors(processes, project.folder) == []
    return hit


def heal(project) -> int:
    """Remove half files of DVC, which doesn't write them atomically, as docs/scale.md says."""
    files = [project.folder / name for name in (".dvc/tmp/rwlock", "dvc.lock")]
    half = [file for file in files if file.exists() and not is_whole(file)]
    for file in half:
        file.unlink()
    return len(half)


def is_whole(file: Path) -> bool:
    """Whether DVC can read it; a part of a lock file may be correct YAML, with values missing."""
    try:
        content = yaml.safe_load(file.read_text())  # JSON is YAML
        if file.name == "dvc.lock":
            COMPILED_LOCKFILE_SCHEMA(content)
    except (yaml.YAMLError, UnicodeDecodeError, Invalid):
        return False
    return isinstance(content, dict) and (file.name != "dvc.lock" or "stages" in content)


@pytest.mark.parametrize("end", ["\n      size:", "\n      size: ab", "\n    - path"])
def test_a_lock_file_that_was_cut_off_is_not_whole(tmp_path, end):
    lock = tmp_path / "dvc.lock"
    lock.write_text(LOCK)
    assert is_whole(lock)
    lock.write_text(LOCK + end)
    assert not is_whole(lock)


@pytest.fixture(scope="module")
def killed(tmp_path_factory, new_project, first_run):
    """A project whose every stage was killed several times, and how often each was hit."""
    project = new_project(tmp_path_factory.mktemp("killed") / "run", 2)
    rng, hits = random.Random(SEED), Counter()
    (project.folder / "dvc.lock").unlink()  # so that `assets` runs too
    for stage, seconds in {"assets": 2.0, **first_run.seconds}.items():
        arguments, span = [stage], 0.9 * seconds
        for _ in range(TRIES):
            project.environment["FER3D_WORKERS"] = str(rng.choice([1, 2]))
            hit = kill(project, arguments, stage, rng.uniform(0.2, 1.0) * span)
            hits[hit] += 1
            hits["healed"] += heal(project)
            if hits[stage] >= KILLS:
                break
            if hit is None:  # too late: it may be finished
                arguments, span = ["--single-item", "--force", stage], SOONER * span
    return project, hits


@pytest.mark.slow
def test_every_stage_was_killed_while_it_ran(killed, first_run):
    _, hits = killed
    print(hits)
    stages = ["assets", *first_run.seconds]
    assert min(hits[stage] for stage in stages) >= KILLS
    assert sum(hits[stage] for stage in stages) >= 20


@pytest.mark.slow
def test_kills_change_no_byte(killed, first_run):
    project, _ = killed
    project.repro()
    assert project.digests() == first_run.project.digests()
    assert project.repro() == ["ingest"]  # it looks for changed images each time


@pytest.fixture
def undone(tmp_path, first_run):
    """A finished run that has lost its 3D faces, object store and DVC's cache."""
    project = first_run.project.copy(tmp_path / "run")
    project.environment["FER3D_WORKERS"] = "2"
    shutil.rmtree(project.folder / ".fer3d")
    shutil.rmtree(project.folder / ".dvc" / "cache")
    shutil.rmtree(project.folder / "data" / "reconstruct")
    return project


@pytest.mark.slow
def test_what_was_computed_before_a_kill_is_not_computed_again(undone, first_run):
    with undone.start("dvc", "repro", "--force", "--single-item", "reconstruct") as dvc:
        assert wait_for(dvc, r"^reconstruct: \d+ of")
        os.killpg(dvc.pid, signal.SIGKILL)
    said = undone.run("dvc", "repro", "--single-item", "reconstruct")
    assert int(re.search(r"^reconstruct: computed \d+, from store (\d+)", said, re.M)[1]) > 0
    assert undone.digests() == first_run.project.digests()


@pytest.mark.slow
def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(undone, first_run):
    with undone.start("dvc", "repro", "--force", "--single-item", "reconstruct") as dvc:
        assert wait_for(dvc, r"^reconstruct: \d+ of")
        processes = group(dvc.pid)
        os.killpg(dvc.pid, signal.SIGINT)  # what a terminal does
        said = dvc.communicate()[0]
    assert "reconstruct: interrupted: run `dvc repro` again, it continues where it stopped" in said
    assert re.search(r"exited with (130|-2)\b", said)  # 128 + SIGINT where DVC's shell says it
    assert "Traceback" not in said
    assert survivors(processes, undone.folder) == []
    assert list((undone.folder / "data").glob(".*.tmp")) == []
    undone.repro("--single-item", "reconstruct")
    assert undone.digests() == first_run.project.digests()


@pytest.mark.parametrize("victim", ["dvc", "stage"])
def test_workers_and_stage_do_not_outlive_their_parent(undone, victim):
    with undone.start("dvc", "repro", "--force", "--single-item", "reconstruct") as dvc:
        assert wait_for(dvc, r"^reconstruct: \d+ of")
        processes = group(dvc.pid)
        stage = next(p for p in processes if running_stage([p]))
        assert len(processes) > 3  # DVC, the stage, two workers
        os.kill(dvc.pid if victim == "dvc" else stage.pid, signal.SIGKILL)
        dvc.wait()
    assert survivors(processes, undone.folder) == []


def stage_command(project, stage: str, out: Path) -> list[str]:
    """The command line of a stage as dvc.yaml has it, with its results elsewhere."""
    pipeline = yaml.safe_load((project.folder / "dvc.yaml").read_text())
    words = shlex.split(pipeline["stages"][stage]["cmd"])
    for option in ("--out", "--metrics", "--curves"):
        if option in words:
            place = words.index(option) + 1
            words[place] = str(out / Path(words[place]).name)
    return words


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "none", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("mounting a file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


WRITERS = ["synthesize", "align", "balance", "reconstruct", "relight", "train"]


@pytest.mark.parametrize("stage", WRITERS)
def test_a_full_disk_is_one_line_and_leaves_nothing(first_run, small_disk, stage, request):
    project = first_run.project
    if stage == "synthesize":  # renders only what ingest reads
        params = project.folder / "params.yaml"
        request.addfinalizer(partial(params.write_bytes, params.read_bytes()))
        project.set({"ingest": {"source": str(small_disk / "synthetic" / "images")}})
    with project.start(*stage_command(project, stage, small_disk)) as process:
        said = process.communicate()[0]
    assert process.returncode == 1
    assert re.search(rf"^{stage}: the disk of {small_disk}\S* is full .*run the same", said, re.M)
    assert "Traceback" not in said
    assert [path.name for path in small_disk.rglob("*") if path.is_file()] == []


def test_a_file_that_may_not_grow_is_one_line_and_leaves_nothing(first_run, tmp_path):
    project = first_run.project
    done = subprocess.run(
        stage_command(project, "balance", tmp_path),
        cwd=project.folder,
        env=project.environment | {"FER3D_WORKERS": "1"},
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_FILE, SMALL_FILE)),
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert re.search(r"^balance: the disk of .* is full", done.stderr, re.MULTILINE)
    assert list(tmp_path.iterdir()) == []
