"""The Lightning trainer, its devices, and reproducibility settings of PyTorch."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.plugins.environments import LightningEnvironment

from fer3d.errors import UserError
from fer3d.training.config import PRECISIONS, TrainConfig

CPU_BFLOAT16 = ("avx512_bf16", "amx_bf16")  # PyTorch's names of the extensions
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runtime:
    """Devices and state folder of a training.

    Attributes:
        device: cpu | cuda.
        devices: number of processes, each with its own device, that share every batch.
        state: folder of training states, to resume an interrupted training; None: it restarts.
        progress: show a progress bar.
        live: folder of DVCLive, where finished epochs are written while the training runs; None:
            they are not.
    """

    device: str = "cpu"
    devices: int = 1
    state: Path | None = None
    progress: bool = True
    live: Path | None = None

    def settled(self, train: TrainConfig) -> TrainConfig:
        """The training with a precision that the devices have, in place of `auto`.

        Raises:
            UserError: no GPU for float16, or fewer GPUs than ``devices``.
        """
        if train.precision == "float16" and self.device != "cuda":
            raise UserError("train.precision float16 needs a GPU: set it to auto")
        if self.device == "cuda" and self.devices > torch.cuda.device_count():
            raise UserError(
                f"FER3D_DEVICES is {self.devices}, but PyTorch sees "
                f"{torch.cuda.device_count()} GPUs"
            )
        fast = has_bfloat16(self.device)
        if train.precision == "bfloat16" and not fast:
            _LOGGER.warning(
                "train.precision: this device has no instructions for bfloat16, which takes many "
                "times as long as float32 then; `auto` would choose float32"
            )
        if train.precision != "auto":
            return train
        return replace(train, precision="bfloat16" if fast else "float32")


def has_bfloat16(device: str) -> bool:
    """Whether a device multiplies matrices of bfloat16 by instructions of its own: cpu | cuda."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    abilities = torch.cpu.get_capabilities()
    return any(abilities.get(name, False) for name in CPU_BFLOAT16)


def make_trainer(train: TrainConfig, callbacks: list[Callback], runtime: Runtime) -> pl.Trainer:
    """A deterministic trainer without logger and checkpoints.

    Args:
        train: gives epochs, precision and accumulation.
        callbacks: called in this order.
        runtime: gives devices and progress bar.
    """
    return pl.Trainer(
        accelerator="gpu" if runtime.device == "cuda" else "cpu",
        devices=runtime.devices,
        strategy="ddp" if runtime.devices > 1 else "auto",
        plugins=[LightningEnvironment()],  # ignores environment variables of batch systems
        max_epochs=train.epochs,
        callbacks=callbacks,
        precision=PRECISIONS[train.precision],
        accumulate_grad_batches=train.accumulate,
        enable_checkpointing=False,
        deterministic=True,
        logger=False,
        num_sanity_val_steps=0,
        enable_model_summary=False,
        enable_progress_bar=runtime.progress,
        use_distributed_sampler=False,
    )


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Seed PyTorch and use deterministic algorithms; restores the previous state at exit.

    ``CUBLAS_WORKSPACE_CONFIG``, which Lightning sets, is kept: CUDA reads it only once.
    """
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    memory: Any = torch.utils.deterministic  # PyTorch's stubs lack its one attribute
    fill = memory.fill_uninitialized_memory
    banner = logging.getLogger("pytorch_lightning")
    level = banner.level
    with torch.random.fork_rng(), warnings.catch_warnings():
        # A batch is a single gather, so the loader workers that Lightning recommends do not help.
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
        banner.setLevel(logging.WARNING)
        torch.manual_seed(seed)
        # Filling uninitialized memory is a debugging aid that costs time.
        memory.fill_uninitialized_memory = False
        try:
            yield
        finally:
            banner.setLevel(level)
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
            torch.backends.cudnn.benchmark = benchmark
            memory.fill_uninitialized_memory = fill
