"""Checkouts in which DVC runs the whole DAG on a handful of images."""

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from checkout import Checkout, copy_code, environment, link_or_copy, stages_run
from once import made_once

from fer3d.files.digests import sha256_file, sha256_json

CODE = (
    "dvc.yaml",
    "params.yaml",
    "stages",
    "experiments",
    "fer3d",
    "models/.gitignore",
    ".dvc/config",
    ".dvcignore",
    ".gitignore",
    "data/.gitignore",
)
SMALL = {
    "synthesize": {
        "images": {
            "anger": 4,
            "disgust": 4,
            "fear": 4,
            "happiness": 6,
            "neutral": 5,
            "sadness": 4,
            "surprise": 4,
        },
        "size": 64,
        "duplicate_fraction": 0.1,
        "conflicting_duplicates": 1,
    },
    "split": {"test_fraction": 0.3, "validation_fraction": 0.4},
    "align": {"size": 64},
    "reconstruct": {"subdivisions": 1},
    "relight": {"size": 64},
    "train": {"epochs": 2, "batch_size": 16},
    "accuracy3d": {"people": 0},
}
CONSTANT = ("data/assets", ".dvc/cache")  # folders whose files are replaced, never changed in place


class Project(Checkout):
    """A checkout with the whole pipeline."""

    @classmethod
    def at(cls, folder: Path, workers: int) -> "Project":
        """The project of a folder."""
        return cls(folder, environment(FER3D_WORKERS=str(workers), **_own_store(folder)))

    @classmethod
    def create(cls, folder: Path, code: Path, assets: Path, workers: int) -> "Project":
        """The code, few images, and the model files, which are there already."""
        copy_code(code, folder, CODE)
        shutil.copytree(assets, folder / "data" / "assets")
        made = cls.at(folder, workers)
        made.set(SMALL)
        made.run("git", "init", "--quiet")
        made.run("git", "add", "--all")
        made.run("git", "commit", "--quiet", "--message", "start")
        made.run("dvc", "commit", "--force", "assets")
        return made

    def copy(self, folder: Path) -> "Project":
        """Another checkout in the same state, object store and DVC's cache included."""
        constant = tuple(f"{self.folder / name}/" for name in CONSTANT)

        def copy_file(source: str, target: str) -> None:
            (link_or_copy if source.startswith(constant) else shutil.copy2)(source, target)

        shutil.copytree(self.folder, folder, symlinks=True, copy_function=copy_file)
        return Project(folder, self.environment | _own_store(folder))

    def clone(self, folder: Path) -> "Project":
        """What a colleague gets: a clone by git, no data, an empty object store."""
        self.run("git", "clone", "--quiet", str(self.folder), str(folder))
        return Project(folder, self.environment | _own_store(folder))

    def repro(self, *arguments: str) -> list[str]:
        """Run `dvc repro`; returns the stages that ran."""
        return stages_run(self.run("dvc", "repro", *arguments))

    def timed_repro(self) -> dict[str, float]:
        """Run `dvc repro`; returns the time of each stage that ran, seconds."""
        seconds, began, stage = {}, 0.0, ""
        with self.start("dvc", "repro") as process:
            for line in process.stdout:
                if found := re.match(r"Running stage '(\w+)'", line):
                    stage, began = found[1], time.monotonic()
                elif line.startswith(("Updating lock", "Generating lock")):
                    seconds[stage] = time.monotonic() - began
        assert process.returncode == 0
        return seconds

    def metrics(self, stage: str) -> dict:
        return json.loads((self.folder / "metrics" / f"{stage}.json").read_text())

    def outputs(self) -> dict[str, str]:
        """The digest of everything that the stages wrote, by path, as DVC knows it."""
        lock = yaml.safe_load((self.folder / "dvc.lock").read_text())
        return {
            out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]
        }

    def digests(self) -> dict[str, str]:
        """SHA-256 of every file that a run leaves: data, metrics, plots; and of what dvc.lock says.

        Its entries stand in the order in which stages first ran; branches run in any order.
        """
        names = ("data", "metrics", "plots")
        files = [path for name in names for path in (self.folder / name).rglob("*")]
        lock = yaml.safe_load((self.folder / "dvc.lock").read_text())
        return {"dvc.lock": sha256_json(lock)} | {
            path.relative_to(self.folder).as_posix(): sha256_file(path)
            for path in sorted(files)
            if path.is_file() and ".tmp/" not in path.as_posix()  # left by a kill, no output
        }


@dataclass(frozen=True)
class FirstRun:
    """A finished run that nobody changes: copy or clone its project."""

    project: Project
    seconds: Mapping[str, float]  # of each stage, in the order in which they ran


@pytest.fixture(scope="session")
def code(tmp_path_factory, repository: Path) -> Path:
    """A copy of the code at the start of the tests, the same for all compared runs."""
    return made_once(tmp_path_factory, "code", lambda to: copy_code(repository, to, CODE))


@pytest.fixture(scope="session")
def new_project(code: Path, assets_dir: Path) -> Callable[[Path, int], Project]:
    """Makes a project in a folder, for a number of workers."""
    return lambda folder, workers: Project.create(folder, code, assets_dir, workers)


@pytest.fixture(scope="session")
def first_run(tmp_path_factory, new_project) -> FirstRun:
    """The one run of the whole DAG that all tests of this run of pytest share."""

    def make(folder: Path) -> None:
        seconds = new_project(folder / "run", 1).timed_repro()
        (folder / "seconds.json").write_text(json.dumps(seconds))

    made = made_once(tmp_path_factory, "first_run", make)
    project = Project.at(made / "run", 1)
    return FirstRun(project, json.loads((made / "seconds.json").read_text()))


def _own_store(folder: Path) -> dict[str, str]:
    return {"FER3D_STORE": str(folder / ".fer3d" / "store")}
