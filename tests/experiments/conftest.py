"""A project in small for the experiments: packed arrays as `relight` leaves them, and DVC."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from fer3d import params as parameters
from fer3d.arrays import PackedWriter, Spec

CLASSES = ("anger", "fear", "surprise")
SIZE = 32  # px
FACE = np.float32([[11, 13], [21, 13], [16, 18], [12, 23], [20, 23]])  # eyes, nose, mouth, px
COUNTS = {"train": 16, "validation": 6, "test": 8}  # images a class
CODE = ("fer3d", "stages", "experiments", "params.yaml", ".dvc/config", ".dvcignore", ".gitignore")
SMALL = {
    "split": {"validation_fraction": 0.25},
    "align": {"size": SIZE},
    "relight": {"size": SIZE},
    "balance": {"policy": "none"},
    "train": {"epochs": 2, "batch_size": 16},
    "experiments": {
        "branches": ["base", "whole"],
        "losses": ["cross_entropy"],
        "seeds": [0, 1],
        "replicates": 200,
    },
}


def change(values: dict[str, Any], changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Sections of params.yaml with other values in them."""
    return values | {name: values[name] | dict(keys) for name, keys in changes.items()}


@pytest.fixture
def make_params(repository: Path):
    """The default parameters with changes: make_params(experiments={"seeds": [0]})."""
    values = yaml.safe_load((repository / "params.yaml").read_text())

    def make(**changes: Mapping[str, Any]) -> parameters.Params:
        return parameters.Params.model_validate(change(change(values, SMALL), changes))

    return make


class Project:
    """A checkout of its own with a small data set, in which DVC runs."""

    GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org")
    ONE_SEED = ("-S", "experiments.seeds=[0]")

    def __init__(self, folder: Path, repository: Path):
        self.folder = folder
        self.environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "FER3D_WORKERS": "1",
            "FER3D_DEVICE": "cpu",
            "OMP_NUM_THREADS": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        for name in CODE:
            _copy(repository / name, folder / name)
        make_set(folder / "data")
        self.set(SMALL)
        self.run("git", "init", "--quiet")

    def set(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        path = self.folder / "params.yaml"
        values = change(yaml.safe_load(path.read_text()), changes)
        path.write_text(yaml.safe_dump(values, sort_keys=False))

    @property
    def cells(self) -> Path:
        """Folder of the cells' folders."""
        return self.folder / "data/experiments/cells"

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str) -> str:
        process = self.start(*command)
        text, _ = process.communicate()
        assert process.returncode == 0, f"{' '.join(command)}\n{text}"
        return text

    def experiments(self) -> tuple[list[str], str]:
        """Run `fer3d experiments run` and say which stages it ran, and all that it said."""
        command = ("-c", "from fer3d.cli import app; app()", "experiments", "run")
        text = self.run(sys.executable, *command)
        return stages_run(text), text


def stages_run(text: str) -> list[str]:
    """The stages that DVC ran, by its output."""
    return re.findall(r"Running stage '[\w/.]+:([\w@-]+)'", text)


def make_set(data: Path, rng_seed: int = 0) -> None:
    """Packed folders `align`, `balance`, `reconstruct` and `relight`; the class shows as a bar."""
    rng = np.random.default_rng(rng_seed)
    frame = _frame(rng)
    codes = frame["label"].map(CLASSES.index).to_numpy()
    shading = rng.integers(0, 200, (len(frame), SIZE, SIZE), np.uint8)
    for row, code in enumerate(codes):
        shading[row, :, 10 * code : 10 * code + 8] //= 2
    images = np.repeat(shading[..., None], 3, axis=3)
    landmarks = rng.uniform(0, SIZE, (len(frame), 68, 2)).astype(np.float32)
    points = np.tile(FACE, (len(frame), 1, 1))
    write_packed(data / "align", frame, {"images": images, "points": points})
    write_packed(data / "balance", frame, {"images": images})
    write_packed(data / "reconstruct", frame, {"landmarks_image": landmarks})
    write_packed(data / "relight", frame, {"shading": shading})


def write_packed(folder: Path, frame: pd.DataFrame, arrays: Mapping[str, np.ndarray]) -> None:
    specs = {name: Spec(values.shape[1:], values.dtype.name) for name, values in arrays.items()}
    with PackedWriter(folder, len(frame), specs) as packed:
        packed.write(0, dict(arrays))
        packed.finish(frame)


def _frame(rng: np.random.Generator) -> pd.DataFrame:
    rows = [(split, name) for split, n in COUNTS.items() for name in CLASSES for _ in range(n)]
    count = len(rows)
    ids = [f"{i:03d}" for i in range(count)]
    frame = pd.DataFrame(rows, columns=["split", "label"])
    return frame.assign(
        id=ids,
        path=ids,
        sha1=[f"{i:040x}" for i in range(count)],
        subject=None,
        width=SIZE,
        height=SIZE,
        aligned=True,
        detection="mtcnn",
        box_x=np.float32(4),
        box_y=np.float32(4),
        box_w=np.float32(24),
        box_h=np.float32(24),
        confidence=np.float32(1),
        noise="",
        source_id=ids,
        reconstructed=np.arange(count) % 10 > 0,
        reason=np.where(np.arange(count) % 10 > 0, "", "no_face"),
        yaw=rng.uniform(-50, 50, count).astype(np.float32),
    )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "dvc.lock"))
    else:
        shutil.copyfile(source, target)


@pytest.fixture(scope="session")
def new_project(repository: Path):
    """Makes a project in a folder."""
    return lambda folder: Project(folder, repository)


@pytest.fixture(scope="session")
def write_set():
    """Writes the packed folders of a small data set into a folder."""
    return make_set
