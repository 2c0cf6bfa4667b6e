"""Resumes interrupted trainings.

After each epoch the training state is written to a file: weights, optimizer, schedule, curves, best
weights. Random numbers are not part of it, because they depend only on (seed, epoch, batch). The
name of the file is a digest of images, parameters, code and libraries, so that the state of another
training is never used. The last states of finished trainings are kept, because the process can be
killed before it has saved the result.
"""

import contextlib
import logging
import pickle
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
import torchmetrics
from pytorch_lightning.callbacks import Callback

import fer3d.files
import fer3d.networks
import fer3d.networks.branches
import fer3d.training
from fer3d.files import packed
from fer3d.files.atomic import atomic_path
from fer3d.files.digests import code_digests, sha256_file, sha256_json
from fer3d.files.folders import Folders

READERS = ("packed.py", "manifest.py")  # in fer3d.files: what reads the rows of a training
OPTIONAL = (("vertices", "vertices_face.npy"), ("features", "features.npy"))
"""Branches, and the files that only these read."""

SUFFIX = ".ckpt"
FINISHED = ".finished.ckpt"
KEPT = 2  # states of finished trainings
ABANDONED_SECONDS = 30 * 24 * 3600.0  # age at which states of unfinished trainings are deleted

_LOGGER = logging.getLogger(__name__)
_UNREADABLE = (  # errors when reading a file that is not a complete training state
    zipfile.BadZipFile,
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    OSError,
)


class TrainingState(Callback):
    """Writes the state after each epoch, in one atomic step."""

    def __init__(self, path: Path):
        """
        Args:
            path: the file; its folder is created.
        """
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning in every process; one writes. Must be the last callback."""
        target = atomic_path(self._path) if trainer.is_global_zero else contextlib.nullcontext()
        with target as temporary:
            trainer.save_checkpoint(temporary or self._path)


def state_file(folder: Path, folders: Folders, configuration: Mapping[str, Any]) -> Path:
    """The state file of a training.

    Args:
        folder: folder of training states.
        folders: the packed arrays; their bytes are read.
        configuration: all parameters of the training, JSON-serializable.
    """
    inputs = [
        folders.images / packed.MANIFEST,
        folders.images / "images.npy",
        folders.faces / packed.MANIFEST,
        folders.faces / "landmarks_image.npy",
        folders.shadings / "shading.npy",
        *(folders.faces / file for name, file in OPTIONAL if configuration["network"][name]),
    ]
    key = {
        "inputs": [sha256_file(path) for path in inputs],
        "configuration": dict(configuration),
        "code": _code(),
        "versions": [m.__version__ for m in (np, torch, pl, torchmetrics)],
    }
    return folder / f"{sha256_json(key)}{SUFFIX}"


@dataclass(frozen=True)
class State:
    """A training state.

    Attributes:
        path: the file.
        epochs: number of finished epochs.
    """

    path: Path
    epochs: int


def last_state(path: Path) -> State | None:
    """The state to resume from, of an interrupted or a finished training.

    A damaged state is reported and ignored.
    """
    for file in (path, _finished(path)):
        if epochs := epochs_behind(file):
            _LOGGER.info("resuming an interrupted training after epoch %d", epochs)
            return State(file, epochs)
    return None


def finish(path: Path) -> None:
    """Mark a training as finished, and delete old states."""
    if path.exists():
        path.replace(_finished(path))
    _finished(path).touch()
    states = dict(_written(path.parent))
    over = [state for state in states if state.name.endswith(FINISHED)]
    old = sorted(over, key=states.__getitem__, reverse=True)[KEPT:]
    abandoned = [s for s, written in states.items() if time.time() - written > ABANDONED_SECONDS]
    for state in {*old, *abandoned}:
        state.unlink(missing_ok=True)
        if state.parent != path.parent:
            with contextlib.suppress(OSError):  # the other steps are not abandoned
                state.parent.rmdir()


def _written(folder: Path) -> Iterator[tuple[Path, float]]:
    """The states of a folder and when each was written, seconds since 1970.

    Trainings in several steps have a folder in it, with a state for each.
    """
    for state in folder.rglob(f"*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):  # another training has just finished
            yield state, state.stat().st_mtime


def epochs_behind(path: Path) -> int:
    """Number of finished epochs in a state file; 0 if there is none. Damage is reported."""
    if not path.exists():
        return 0
    try:
        with zipfile.ZipFile(path) as file:
            broken = file.testzip()  # PyTorch itself does not verify the checksums
        if broken:
            return _damaged(path, f"checksum of {broken}")
        return torch.load(path, map_location="cpu", weights_only=True)["epoch"] + 1
    except _UNREADABLE as error:
        return _damaged(path, error)


def _finished(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(SUFFIX) + FINISHED)


def _damaged(path: Path, error: Exception | str) -> int:
    reason = " ".join(str(error).split())[:100]
    _LOGGER.warning("%s is damaged (%s): training starts from the beginning", path, reason)
    return 0


def _code() -> dict[str, str]:
    """Digests of the modules that training uses."""
    folder = Path(fer3d.files.__path__[0])
    readers = {name: sha256_file(folder / name) for name in READERS}
    return code_digests(fer3d.networks, fer3d.networks.branches, fer3d.training) | readers
