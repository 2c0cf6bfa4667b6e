"""A small project for the experiments: packed arrays like those of `relight`, and DVC."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from checkout import Checkout, changed, copy_code, environment, stages_run

from fer3d import params as parameters
from fer3d.files.packed import PackedWriter
from fer3d.files.specs import Spec

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


@pytest.fixture
def make_params(repository: Path):
    """The default parameters with changes: make_params(experiments={"seeds": [0]})."""
    values = yaml.safe_load((repository / "params.yaml").read_text())

    def make(**changes: Mapping[str, Any]) -> parameters.Params:
        return parameters.Params.model_validate(changed(changed(values, SMALL), changes))

    return make


class Project(Checkout):
    """A checkout with a small data set, in which the experiments run."""

    @classmethod
    def create(cls, folder: Path, repository: Path) -> "Project":
        settings = {"FER3D_WORKERS": "1", "FER3D_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
        made = cls(folder, environment(**settings))
        copy_code(repository, folder, CODE)
        make_set(folder / "data")
        made.set(SMALL)
        made.run("git", "init", "--quiet")
        return made

    @property
    def cells(self) -> Path:
        """Folder of the cells' folders."""
        return self.folder / "data/experiments/cells"

    def experiments(self, what: str = "run") -> tuple[list[str], str]:
        """Run a command of `fer3d experiments`; returns the stages that ran, and the output."""
        command = ("-c", "from fer3d.cli import app; app()", "experiments", what)
        text = self.run(sys.executable, *command)
        return stages_run(text), text


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


@pytest.fixture(scope="session")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``make_set`` writes."""
    folder = tmp_path_factory.mktemp("set")
    make_set(folder)
    return folder


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


@pytest.fixture(scope="session")
def new_project(repository: Path):
    """Makes a project in a folder."""
    return lambda folder: Project.create(folder, repository)


@pytest.fixture(scope="session")
def write_set():
    """Writes the packed folders of a small data set into a folder."""
    return make_set
