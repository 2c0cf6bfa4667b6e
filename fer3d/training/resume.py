"""A training that was killed goes on where it was.

After each epoch all that decides the next one is written to a file: weights, optimizer, schedule,
curves, best weights. Random numbers need no place in it, they depend on (seed, epoch, batch) alone.
The file's name is a digest of everything that training depends on, so that a state of other images,
parameters or code is never taken up. It is removed once the training is over.
"""

import contextlib
import logging
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

import fer3d.networks
import fer3d.training
from fer3d.store.atomic import atomic_path
from fer3d.store.digests import sha256_file, sha256_json
from fer3d.training.data import Folders

_LOGGER = logging.getLogger(__name__)
_UNREADABLE = (  # what a file that is no state of a training, or not all of one, is answered with
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
            path: the file; its folder is made.
        """
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning in every process; one of them writes. Comes last of the callbacks."""
        target = atomic_path(self._path) if trainer.is_global_zero else contextlib.nullcontext()
        with target as temporary:
            trainer.save_checkpoint(temporary or self._path)


def state_file(folder: Path, folders: Folders, configuration: Mapping[str, Any]) -> Path:
    """Where the state of one training lies.

    Args:
        folder: of training states.
        folders: the packed arrays; their bytes are read.
        configuration: JSON-able, all parameters of the training.
    """
    inputs = [
        folders.images / "manifest.parquet",
        folders.images / "images.npy",
        folders.landmarks / "manifest.parquet",
        folders.landmarks / "landmarks_image.npy",
        folders.shading / "shading.npy",
    ]
    key = {
        "inputs": [sha256_file(path) for path in inputs],
        "configuration": dict(configuration),
        "code": _code(),
        "versions": [torch.__version__, pl.__version__],
    }
    return folder / f"{sha256_json(key)}.ckpt"


def usable(path: Path) -> bool:
    """Whether there is a state to go on from; a damaged one is reported and left aside."""
    if not path.exists():
        return False
    try:
        with zipfile.ZipFile(path) as file:
            broken = file.testzip()  # PyTorch itself does not look at the checksums
        if broken:
            return _damaged(path, f"checksum of {broken}")
        done = torch.load(path, map_location="cpu", weights_only=True)["epoch"] + 1
    except _UNREADABLE as error:
        return _damaged(path, error)
    _LOGGER.info("an interrupted training goes on after epoch %d", done)
    return True


def _damaged(path: Path, error: Exception | str) -> bool:
    reason = " ".join(str(error).split())[:100]
    _LOGGER.warning("%s is damaged (%s): training starts from the beginning", path, reason)
    return False


def _code() -> list[str]:
    """Digests of the modules that training runs."""
    folders = [Path(package.__path__[0]) for package in (fer3d.networks, fer3d.training)]
    return [sha256_file(path) for folder in folders for path in sorted(folder.glob("*.py"))]
