"""Results of one member of a group are not computed again by others, with DVC's caches."""

import hashlib
import re
import shutil
import stat
from pathlib import Path

import pytest

LOOKS = ["ingest"]  # it looks for changed images each time
CACHED = r"^Stage '(\w+)' is cached - skipping run"


def configure(project, **values: str) -> None:
    """`dvc config --local` for each value, as in cache_dir="/mnt/lab/cache"."""
    for name, value in values.items():
        project.run("dvc", "config", "--local", name.replace("_", "."), value)


@pytest.fixture(scope="module")
def published(tmp_path_factory, first_run):
    """A finished run whose dvc.lock, metrics and plots are committed, and its shared cache."""
    project = first_run.project.copy(tmp_path_factory.mktemp("published") / "run")
    cache = project.folder.parent / "cache"
    shutil.copytree(project.folder / ".dvc" / "cache", cache)
    shutil.rmtree(project.folder / ".dvc" / "cache")
    for folder in (cache, *cache.rglob("*/")):
        folder.chmod(0o2775)  # as DVC makes them where the cache is a group's from the start
    configure(project, cache_dir=str(cache), cache_shared="group")
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", "result")
    return project, cache


@pytest.fixture
def colleague(published, tmp_path):
    """A clone that has the same cache and nothing else."""
    project, cache = published
    clone = project.clone(tmp_path / "clone")
    configure(clone, cache_dir=str(cache), cache_shared="group")
    return clone


def test_one_cache_dir_the_second_clone_computes_nothing(colleague, first_run):
    colleague.run("dvc", "checkout", "--allow-missing")
    assert colleague.repro() == LOOKS
    assert colleague.digests() == first_run.project.digests()
    assert not Path(colleague.environment["FER3D_STORE"]).exists()


def test_a_registered_recognizer_is_fetched_by_its_name(published, tmp_path):
    project, _ = published
    project.run("gto", "register", "own")
    out = tmp_path / "own.safetensors"
    project.run("dvc", "artifacts", "get", str(project.folder), "own", "--out", str(out))
    assert out.read_bytes() == (project.folder / "data/train/model.safetensors").read_bytes()


def test_one_cache_dir_without_a_lock_file(colleague, first_run, assets_dir):
    """Another branch, another commit: the run cache knows inputs, not history.

    `assets` runs: an out that persists is never taken from the run cache. It checks files.
    """
    (colleague.folder / "dvc.lock").unlink()
    shutil.copytree(assets_dir, colleague.folder / "data" / "assets")
    said = colleague.run("dvc", "repro")
    assert re.findall(r"Running stage '(\w+)'", said) == ["assets", *LOOKS]
    assert set(re.findall(CACHED, said, re.MULTILINE)) == set(first_run.seconds) - set(LOOKS)
    assert colleague.digests() == first_run.project.digests()


@pytest.mark.slow
@pytest.mark.parametrize(("link", "light"), [("hardlink", 0.5), ("symlink", 0.25)])
def test_stages_work_on_read_only_links_and_leave_the_cache_whole(
    colleague, published, link, light
):
    _, cache = published
    configure(colleague, cache_type=link)
    colleague.run("dvc", "checkout", "--allow-missing")
    files = list((colleague.folder / "data" / "relight").iterdir())
    assert all(file.is_symlink() or file.stat().st_nlink > 1 for file in files)
    assert not any(file.stat().st_mode & stat.S_IWUSR for file in files)
    colleague.set({"relight": {"light": [light, 0.0, 1.0]}})
    assert colleague.repro("relight") == [*LOOKS, "relight"]
    assert colleague.repro("--force", "--single-item", "assets") == ["assets"]
    for file in (cache / "files" / "md5").glob("??/*"):
        digest = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        assert file.parent.name + file.name.removesuffix(".dir") == digest
        assert file.parent.stat().st_mode & stat.S_IWGRP, "the group may add to it"


@pytest.fixture
def remote(published, tmp_path):
    """A clone whose remote holds all that was computed."""
    project, _ = published
    project.run(
        "dvc", "remote", "add", "--local", "--force", "--default", "lab", str(tmp_path / "r")
    )
    project.run("dvc", "push", "--run-cache")
    clone = project.clone(tmp_path / "clone")
    clone.run("dvc", "remote", "add", "--local", "--default", "lab", str(tmp_path / "r"))
    return clone


def test_a_remote_the_second_clone_computes_nothing(remote, first_run):
    remote.run("dvc", "pull", "--run-cache", "--allow-missing")
    assert remote.repro() == LOOKS
    assert remote.digests() == first_run.project.digests()


def test_a_remote_without_a_lock_file_lacks_the_metrics(remote, assets_dir):
    """DVC pushes no output with `cache: false`: metrics and plots come with git, or not at all."""
    (remote.folder / "dvc.lock").unlink()
    shutil.copytree(assets_dir, remote.folder / "data" / "assets")
    remote.run("dvc", "fetch", "--run-cache")
    assert remote.repro("--pull", "synthesize") == ["assets", "synthesize"]
    assert remote.repro("--pull", "ingest") == ["ingest"]
